"""Many clients in the same moment."""
import threading


def at_once(items, act):
    """act(item) for each in a thread of its own, all let go together; the results in order.
    The first error, if there is one, is raised after all have ended."""
    items = list(items)
    gate, results = threading.Barrier(len(items)), [None] * len(items)

    def run(place, item):
        gate.wait()
        try:
            results[place] = act(item)
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


class Traffic:
    """Clients that call `act(n)` over and over until told to stop; keeps every result (or error)."""

    def __init__(self, clients, act):
        self.act = act
        self.results = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _run(self, number):
        while not self.stopping.is_set():
            try:
                result = self.act(number)
            except Exception as error:
                result = error
            if result is None:
                return
            self.results.append(result)

"""The fake Authentica as a process, and its control."""
import json
import os
import subprocess
import sys
import urllib.request

KEY = "fake-authentica-key$with$dollars"


class FakeAuthentica:
    def __init__(self):
        path = os.path.join(os.path.dirname(__file__), "..", "fakes", "authentica.py")
        self.process = subprocess.Popen([sys.executable, path, "--key", KEY], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        self.url, self.control_url = words[1], words[3]

    def behave(self, send=None, verify=None, phones=None):
        """Replaces the whole behaviour; see the fake's own text for the modes."""
        behaviour = {"send": send, "verify": verify, "phones": phones}
        self._post("/behaviour", {name: value for name, value in behaviour.items() if value})

    def listening(self, on):
        self._post("/listening", {"on": on})

    def reset(self):
        self._post("/reset", {})
        self.listening(True)

    @property
    def state(self):
        with urllib.request.urlopen(self.control_url + "/state", timeout=10) as answer:
            return json.load(answer)

    def sends(self, phone):
        return self.state["sends"].get(phone, 0)

    def checks(self, phone):
        return self.state["checks"].get(phone, 0)

    def code(self, phone):
        return self.state["codes"][phone]

    def bodies(self, phone):
        """(call, body) of everything it was asked about that number."""
        return [(seen["call"], seen["body"]) for seen in self.state["bodies"] if seen["body"].get("phone") == phone]

    def _post(self, path, body):
        request = urllib.request.Request(self.control_url + path, json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def settings(self, **more):
        """What a server needs to use it."""
        return {"OTP_PROVIDER": "authentica", "AUTHENTICA_API_KEY": KEY, "AUTHENTICA_BASE_URL": self.url, **more}

    def stop(self):
        self.process.terminate()
        self.process.wait()

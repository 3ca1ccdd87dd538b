"""Checks that say what was seen, and waiting without fixed sleeps."""
import json
import time

PATIENCE = 20.0  # seconds until something that must happen is called missing; sanitizers are slow


class Failure(AssertionError):
    """A story did not go as told."""


class Skipped(Exception):
    """This machine cannot show the behaviour; the reason is printed with the story's name."""


def check(condition, why):
    if not condition:
        raise Failure(why)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise Failure(f"{what} is {show(actual)}, expected {show(expected)}")


def within(actual, low, high, what="value"):
    if not low <= actual <= high:
        raise Failure(f"{what} is {actual}, expected {low} to {high}")


def contains(actual, part, what="value"):
    if part not in actual:
        raise Failure(f"{what} is {show(actual)}, expected {show(part)} in it")


def absent(actual, part, what="value"):
    if part in actual:
        raise Failure(f"{what} holds {show(part)}, which must not be there")


def eventually(probe, what, patience=PATIENCE):
    """What `probe` returns as soon as it is true; errors of a broken connection count as not yet."""
    deadline = time.monotonic() + patience
    pause = 0.002
    while True:
        try:
            seen = probe()
        except OSError:
            seen = None
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise Failure(f"never happened within {patience:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def show(value):
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 600 else text[:600] + "…"

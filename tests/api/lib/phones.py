"""Phone numbers that nobody else in this run has, spread over the number prefixes that are counted."""
import itertools
import threading

_FAMILIES = ("50", "53", "54", "55", "56", "58", "59")
_STRIDE = 7654321  # no factor of 10**7: every number once, neighbours far apart
_counter = itertools.count(1)
_lock = threading.Lock()


def new_phone():
    """A fresh Saudi mobile number in E.164."""
    with _lock:
        n = next(_counter)
    return f"+966{_FAMILIES[n % len(_FAMILIES)]}{n * _STRIDE % 10**7:07d}"


def local_part(phone):
    """+966512345678 -> 512345678."""
    return phone.removeprefix("+966")


def arabic_digits(text):
    return text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


def extended_arabic_digits(text):
    return text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))

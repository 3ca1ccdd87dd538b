"""The same with 16 requests under way per connection: CPU per request of nginx over ours."""
from . import small_json

BAR = ">= 5"


def run(rig):
    row = small_json.measure(rig, "small.http", 200, log=False, bar=BAR, depth=16)
    row.title = "CPU per request, 16 deep"
    return [row]

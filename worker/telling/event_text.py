"""The story of one event in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from worker.telling.events import Route, Story
from worker.telling.words import MEANING, answer, until, verdict, version_time, when


def sentences(story: Story, now: int, *, reveal: bool) -> Iterator[str]:
    """The event, its place among others, then a line or two for each route, target by target."""
    event = story.event
    yield f"{event.name}, subject {event.source}:{event.subject}" if event.subject else event.name
    yield f"Accepted {when(event.at, now)}; its version is {version_time(event.version)}{_whose_time(story)}."
    if event.polled:
        yield f"It was found in the list of {event.source}, where it was polled; no webhook brought it."
    if event.revision:
        yield f"Planned under revision {event.revision}."
    if story.origin:
        looked = story.origin == event.source
        found = "It is what a look of ours found" if looked else f"It is a value of {story.origin} that travels on"
        yield f"{found}{f', because of {_listed(story.because)}' if story.because else ''}."
    if story.original:
        routes = ", ".join(f"{target} {attribute}" for target, attribute in event.only)
        limited = f", for {routes} only" if routes else ""
        yield f"It is a replay of {story.original}{limited}{', let past a seal' if event.unseal else ''}."
    if story.replays:
        yield f"It was replayed as {_listed(story.replays)}."
    if story.led_to:
        yield f"It led to {_listed(story.led_to)}."
    if not story.routes:
        yield "It concerns no target: no rule speaks of what it says."
    for _, of_target in groupby(story.routes, key=lambda route: route.target):
        yield ""
        for route in of_target:
            yield from _route(route, now)
    if reveal:
        yield ""
        yield json.dumps(json.loads(bytes(event.body)), indent=2, ensure_ascii=False)


def _whose_time(story: Story) -> str:
    if story.event.late:
        return " (the time of its acceptance: its source's clock ran ahead of ours)"
    return " (the time of the read)" if story.origin and story.origin == story.event.source else ""


def _route(route: Route, now: int) -> Iterator[str]:
    what = "its account" if route.attribute == "*" else route.attribute
    name = "the event as a whole" if route.target == "*" else f"{route.target}  {what}"
    outcome = route.outcome
    if route.waits is not None:
        tries = f", {route.waits.tries} tries" if route.waits.tries > 1 else ", 1 try" if route.waits.tries else ""
        time = f" {until(route.waits.until, now)}" if route.waits.until else ""
        yield f"{name}  pending{time}{tries}: {route.waits.reason}."
    else:
        how = answer(outcome)
        yield f"{name}  {verdict(outcome)}: {MEANING[outcome.word]}; {when(outcome.at, now)}{f' ({how})' if how else ''}."
    for attempt in route.attempts:
        how = answer(attempt)
        yield f"    {when(attempt.at, now)}  {verdict(attempt)}{f', {how}' if how else ''}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)

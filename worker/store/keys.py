"""Every key in the store.  All keys of one shard carry its hash tag, so that a script may touch them together.

ls:schema                       the schema version; a store of another version is refused
ls:{0}:clock                    hash  t: last accept stamp (16 digits, microseconds), n: counter; never steps back
ls:{0}:event:<source>:<id>      an event's record (worker/core/event.py); its existence is the idempotency key
ls:{0}:journal                  zset  "<source>:<id>" by time of acceptance (milliseconds): listing, trimming by age
ls:{0}:subject:<source>:<id>    zset  "<id>" by the time of the version (microseconds): a subject's events
ls:{0}:lane:<system>:<account>  a lane (worker/core/lane.py); accounts that are searched for are `?<source>:<subject>`
ls:{0}:due:<list>               zset  member by the time to look at it (milliseconds): one for events, one a target, one for feeds
ls:{0}:hint:<list>              a hint for this list is under way; expires
ls:{0}:outbox                   stream  what the lanes' commits say, until it is folded
ls:{0}:folded                   the outbox id up to which it was folded
ls:{0}:links:<system>:<account> hash  other system -> account there; stored at both ends
ls:{0}:directory:<system>       hash  all accounts of a system, by the fingerprints of their keys; `made:<key>`: when
ls:{0}:directory:<system>:<token>  the same while it is filled; expires
ls:{0}:listing:<system>         who fills it, or `!` and why nobody could; expires
ls:{0}:parked                   zset  "<source>:<id>" by time: events with something parked
ls:{0}:keyring                  hash  name of a fingerprint key -> what proves that it is this one
ls:{0}:acts                     stream  what operators did: who, when, what, why
ls:{0}:cursor:<source>          how far its feed was read (worker/store/cursors.py); due list `*feeds`
ls:{0}:targets                  set   the systems that workers of this store have ever kept lanes for
ls:{0}:beats                    hash  host -> last round of its tick: milliseconds, a space, the revision that it has
ls:{0}:workers                  hash  host:pid -> the same of a worker
ls:{0}:budget:<share>           hash  what a credential may still do (the fields stand in spend.lua); expires
ls:{0}:pauses                   hash  system -> why it is left alone and until when (the value stands in pauses.lua)
"""

from __future__ import annotations

PREFIX = "ls:{0}:"
SCHEMA = "ls:schema"

CLOCK = f"{PREFIX}clock"
JOURNAL = f"{PREFIX}journal"
OUTBOX = f"{PREFIX}outbox"
FOLDED = f"{PREFIX}folded"
PARKED = f"{PREFIX}parked"
ACTS = f"{PREFIX}acts"
KEYRING = f"{PREFIX}keyring"
TARGETS = f"{PREFIX}targets"
TICKS = f"{PREFIX}beats"
WORKERS = f"{PREFIX}workers"
PAUSES = f"{PREFIX}pauses"
EVENTS_DUE = f"{PREFIX}due:*"
FEEDS_DUE = f"{PREFIX}due:*feeds"


def event(name: str) -> str:
    """name: `source:id`."""
    return f"{PREFIX}event:{name}"


def subject(source: str, subject_id: str) -> str:
    return f"{PREFIX}subject:{source}:{subject_id}"


def lane(system: str, account: str) -> str:
    return f"{PREFIX}lane:{system}:{account}"


def due(system: str) -> str:
    """The lanes of one system that are to be visited."""
    return f"{PREFIX}due:{system}"


def hint(due_list: str) -> str:
    return f"{PREFIX}hint:{due_list}"


def links(system: str, account: str) -> str:
    return f"{PREFIX}links:{system}:{account}"


def directory(system: str) -> str:
    return f"{PREFIX}directory:{system}"


def directory_beside(system: str, token: str) -> str:
    """The list that a worker fills; no name of a system has a colon in it."""
    return f"{PREFIX}directory:{system}:{token}"


def cursor(source: str) -> str:
    return f"{PREFIX}cursor:{source}"


def listing(system: str) -> str:
    return f"{PREFIX}listing:{system}"


def budget(share: str) -> str:
    return f"{PREFIX}budget:{share}"

"""How a seal is told.  Its value is not kept, only a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.operate.seals import Sealed


def kind(sealed: Sealed) -> str:
    """In words what `Sealed.kind` says."""
    match sealed.kind:
        case "unsure":
            return "not known whether it landed"
        case "found" if sealed.seal.print is None:
            return "kept by the target itself"
        case "found":
            return "as found there"
        case _:
            return "ours"


def owners(sealed: Sealed) -> str:
    return ", ".join(f"{source}:{subject}" for source, subject in sealed.owners.items()) or sealed.account


def row(sealed: Sealed) -> tuple[str, ...]:
    from worker.telling.words import moment

    since = f"since {moment(sealed.seal.at)}"
    return owners(sealed), sealed.account, sealed.attribute, kind(sealed), sealed.seal.event, since


def plain(sealed: Sealed) -> dict[str, object]:
    return {
        "target": sealed.target, "account": sealed.account, "attribute": sealed.attribute, "kind": sealed.kind,
        "event": sealed.seal.event, "since": sealed.seal.at, "owners": sealed.owners,
    }  # fmt: skip

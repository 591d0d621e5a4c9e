"""Which fingerprint keys this store was written with.  Seals are kept for ever and their fingerprints name their key, so a
key that is missing, or another key under the same name, stops the start."""

from __future__ import annotations

from collections.abc import Mapping

from worker.core.fingerprint import Fingerprints
from worker.store import keys
from worker.store.connection import Store, pairs

PROOF = ("", "", "which key is this?")
"""What each key is asked to fingerprint: system, attribute, value."""


class WrongKeys(Exception):
    """The keys that were given are not those of this store.  The text names the key and what to do."""


async def misfit(store: Store, given: Mapping[str, bytes]) -> str:
    """Why these keys are not those that this store was written with, and what to do; "" if they are.  Raises Unavailable."""
    proofs = _proofs(given)
    for name, proof in (await _known(store)).items():
        if name not in proofs:
            return (
                f"this store holds fingerprints made with the key {name!r}, which LOCKSTEP_FINGERPRINT_KEYS does not hold: "
                "put its line back (below the first, if it is not current any more)"
            )
        if proofs[name] != proof:
            return (
                f"the key {name!r} in LOCKSTEP_FINGERPRINT_KEYS is not the one that this store was written with: "
                "put the old key back under its name, and give the new one a name of its own"
            )
    return ""


async def vouch(store: Store, given: Mapping[str, bytes]) -> None:
    """Compare the given keys with those that this store knows, and note the new ones.  Raises WrongKeys, Unavailable."""
    if why := await misfit(store, given):
        raise WrongKeys(why)
    known = await _known(store)
    for name, proof in _proofs(given).items():
        if name not in known:
            await store.do("HSETNX", keys.KEYRING, name, proof)


async def _known(store: Store) -> dict[str, str]:
    return {name.decode(): proof.decode() for name, proof in pairs(await store.do("HGETALL", keys.KEYRING)).items()}


def _proofs(given: Mapping[str, bytes]) -> dict[str, str]:
    return {name: Fingerprints({name: key}).of(*PROOF) for name, key in given.items()}

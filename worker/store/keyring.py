"""Which fingerprint keys this store was written with.  Seals are kept for ever and their fingerprints name their key, so a
key that is missing, or another key under the same name, stops the start."""

from __future__ import annotations

from collections.abc import Mapping

from worker.core.fingerprint import Fingerprints
from worker.store import keys
from worker.store.connection import Store

PROOF = ("", "", "which key is this?")
"""What each key is asked to fingerprint: system, attribute, value."""


class WrongKeys(Exception):
    """The keys that were given are not those of this store.  The text names the key and what to do."""


async def vouch(store: Store, given: Mapping[str, bytes]) -> None:
    """Compare the given keys with those that this store knows, and note the new ones.  Raises WrongKeys, Unavailable."""
    there = await store.do("HGETALL", keys.KEYRING)
    pairs = there.items() if isinstance(there, dict) else zip(there[::2], there[1::2], strict=True)
    known = {name.decode(): proof.decode() for name, proof in pairs}
    proofs = {name: Fingerprints({name: key}).of(*PROOF) for name, key in given.items()}
    for name, proof in known.items():
        if name not in proofs:
            raise WrongKeys(
                f"this store holds fingerprints made with the key {name!r}, which LOCKSTEP_FINGERPRINT_KEYS does not hold: "
                "put its line back (below the first, if it is not current any more)"
            )
        if proofs[name] != proof:
            raise WrongKeys(
                f"the key {name!r} in LOCKSTEP_FINGERPRINT_KEYS is not the one that this store was written with: "
                "put the old key back under its name, and give the new one a name of its own"
            )
    for name in proofs.keys() - known.keys():
        await store.do("HSETNX", keys.KEYRING, name, proofs[name])

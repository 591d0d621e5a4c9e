"""What Lockstep is told in a run: one source, a target that can be read, one that cannot, and a OneLogin account.

The late window is longer than the target's `LANDS`, by what a busy machine needs to bring a request there.
"""

from __future__ import annotations

from pathlib import Path

SYSTEMS = """
version: 1
systems:
  hr:
    connector: http
    source: {verify: {scheme: standard-webhooks, secrets: ["${CHAOS_SECRET}"]}}
  directory:
    connector: http
    base_url: "${CHAOS_TARGET}"
    deadline: ${DEADLINE}
    late_window: 2s
    min_interval: 50ms
    retry: {first: 100ms, cap: 1s, tries: 30, age: 1h}
    account: {read: {get: "/directory/users/{id}", attributes: attributes}}
    target: {write: {put: "/directory/users/{id}", body: attributes, many: true, clear: null}}
  badge:
    connector: http
    base_url: "${CHAOS_TARGET}"
    deadline: ${DEADLINE}
    late_window: 2s
    min_interval: 50ms
    retry: {first: 100ms, cap: 1s, tries: 30, age: 1h}
    target: {write: {patch: "/badge/users/{id}", body: attributes, many: true, clear: null}}
"""
ONELOGIN = """
  onelogin:
    connector: onelogin
    base_url: "${CHAOS_ONELOGIN}"
    credentials: {client_id: chaos, client_secret: "${CHAOS_SECRET}"}
    deadline: ${DEADLINE}
    late_window: 2s
    min_interval: 50ms
    retry: {first: 100ms, cap: 1s, tries: 30, age: 1h}
    budget: {calls: 1000000, per: 1h}
"""
MAPPING = """
version: 1
source: hr
targets:
  directory:
    account: [{find: id, by: subject.id}]
    on_no_account: park
    attributes: {department: department, role: role, number: {from: number, write: once}}
  badge:
    account: [{find: id, by: subject.id}]
    on_no_account: park
    attributes: {department: department, role: role, number: {from: number, write: once}}
"""
ONELOGIN_MAPPING = """
  onelogin:
    account: [{find: external_id, by: subject.id}]
    on_no_account: park
    attributes: {department: department, custom_attributes.role: role, custom_attributes.number: {from: number, write: once}}
"""


def write(folder: Path, *, deadline: str, onelogin: bool) -> None:
    """deadline: of one call, as the loader reads it."""
    folder.mkdir()
    systems = SYSTEMS + (ONELOGIN if onelogin else "")
    (folder / "systems.yaml").write_text(systems.replace("${DEADLINE}", deadline))
    (folder / "hr.yaml").write_text(MAPPING + (ONELOGIN_MAPPING if onelogin else ""))

"""Durable memory: one interface, `Store`, and its `Transaction`; embedded SQLite behind it."""

from flexmaild.store.counts import Counts
from flexmaild.store.errors import (
    StoreBroken,
    StoreBusy,
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreFault,
    StoreFull,
    StorePassing,
    StoreRefused,
)
from flexmaild.store.mails import Quarantined
from flexmaild.store.open import open_store
from flexmaild.store.store import Store
from flexmaild.store.transaction import Transaction

__all__ = [
    "Counts",
    "Quarantined",
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreConflict",
    "StoreDamaged",
    "StoreError",
    "StoreFault",
    "StoreFull",
    "StorePassing",
    "StoreRefused",
    "Transaction",
    "open_store",
]

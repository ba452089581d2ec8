"""The store: one interface, `Store`, and its `Transaction`; embedded SQLite behind it. What other packages
use."""

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
from flexmaild.store.open import open_store
from flexmaild.store.records.counts import Counts
from flexmaild.store.records.damaged import Damage
from flexmaild.store.records.mails import Quarantined
from flexmaild.store.records.rows import DamagedRow
from flexmaild.store.store import Store
from flexmaild.store.transaction import Transaction

__all__ = [
    "Counts",
    "Damage",
    "DamagedRow",
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

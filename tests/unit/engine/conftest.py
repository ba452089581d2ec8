"""A post office without a daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sent_samples import Post


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path)
    yield post
    post.store.close()

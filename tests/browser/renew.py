"""`make browser`: show the pages to a real Chromium and keep what it made of each word in verdicts.json.

Each page is rendered twice, with two words of the same letters in another order; where the pictures differ
the word was painted. Chromium compares its own screenshots as well (a canvas), so that nothing but the
browser is needed. Run by hand when pages are added, never by the tests: they read the verdicts.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.pages import Page, pages
from tests.browser.verdicts import VERDICTS, digest

# Anagrams, so that nothing is moved by which of them stands there; each letter is elsewhere.
WORDS = ("listen", "silent")
WIDTH, HEIGHT, BATCH = 1000, 600, 24
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# A word is seen where enough of its points change, far enough apart, at a contrast that the eye notices.
COMPARE = """
<body><pre id=out></pre><script>
const [first, second] = [%s, %s];
function points(data) {
  return new Promise(done => { const i = new Image(); i.onload = () => {
    const c = document.createElement("canvas"); c.width = i.width; c.height = i.height;
    const x = c.getContext("2d"); x.drawImage(i, 0, 0);
    done(x.getImageData(0, 0, i.width, i.height)); }; i.src = "data:image/png;base64," + data; });
}
const light = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
const table = Array.from({length: 256}, (_, v) => light(v));
const luminance = (d, i) => .2126 * table[d[i]] + .7152 * table[d[i + 1]] + .0722 * table[d[i + 2]];
Promise.all([points(first), points(second)]).then(([a, b]) => {
  const found = [];
  for (let tile = 0; tile < %d; tile++) {
    let count = 0, low = 1e9, high = -1, left = 1e9, right = -1;
    for (let y = tile * %d; y < (tile + 1) * %d && y < a.height; y++) for (let x = 0; x < %d; x++) {
      const i = 4 * (y * a.width + x);
      const p = luminance(a.data, i) + .05, q = luminance(b.data, i) + .05;
      if (Math.max(p, q) / Math.min(p, q) < 1.3) continue;
      count++;
      low = Math.min(low, y); high = Math.max(high, y);
      left = Math.min(left, x); right = Math.max(right, x);
    }
    found.push([count, high - low + 1, right - left + 1]);
  }
  document.getElementById("out").textContent = JSON.stringify(found);
});
</script>
"""


def browse(browser: str, folder: Path, *options: str) -> bytes:
    """What headless Chromium prints; it gets a profile of its own, and no network."""
    return subprocess.run(
        [
            *(browser, "--no-sandbox", "--headless=new", "--disable-gpu", "--hide-scrollbars"),
            *("--force-device-scale-factor=1", "--disable-lcd-text", "--proxy-server=127.0.0.1:9"),
            *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=8000", *options),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    ).stdout


def picture(browser: str, folder: Path, batch: list[Page], word: str) -> str:
    """All pages of a batch below each other, each in a window of its own, as a PNG in base64."""
    for page in batch:
        (folder / f"{page.id}.html").write_text(page.with_word(word), encoding="utf-8")
    frames = "".join(
        f'<iframe src="{page.id}.html" width={WIDTH} height={HEIGHT} style="border:0;display:block"></iframe>'
        for page in batch
    )
    index, shot = folder / "index.html", folder / "shot.png"
    index.write_text(f"<!doctype html><body style='margin:0'>{frames}", encoding="utf-8")
    size = f"--window-size={WIDTH},{HEIGHT * len(batch)}"
    browse(browser, folder, size, f"--screenshot={shot}", index.as_uri())
    return base64.b64encode(shot.read_bytes()).decode()


def seen(browser: str, folder: Path, batch: list[Page]) -> list[bool]:
    first, second = (picture(browser, folder, batch, word) for word in WORDS)
    compare = folder / "compare.html"
    numbers = (len(batch), HEIGHT, HEIGHT, WIDTH)
    compare.write_text(COMPARE % (json.dumps(first), json.dumps(second), *numbers), encoding="utf-8")
    printed = browse(browser, folder, "--dump-dom", compare.as_uri()).decode()
    found = re.search(r'<pre id="out">(\[.*?\])</pre>', printed)
    if found is None:
        raise SystemExit(f"the browser compared nothing: {printed[-300:]}")
    return [count >= 12 and high >= 4 and wide >= 8 for count, high, wide in json.loads(found[1])]


def main() -> None:
    browser = next((name for name in BROWSERS if shutil.which(name)), None)
    if browser is None:
        raise SystemExit("no Chromium here: apt-get install chromium")
    everything, verdicts = pages(), {}
    for start in range(0, len(everything), BATCH):
        batch = everything[start : start + BATCH]
        with tempfile.TemporaryDirectory() as name:
            for page, visible in zip(batch, seen(browser, Path(name), batch), strict=True):
                verdicts[page.id] = {"page": digest(page.html), "visible": visible}
        sys.stdout.write(f"{start + len(batch)} of {len(everything)} pages\n")
    VERDICTS.write_text(json.dumps(verdicts, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

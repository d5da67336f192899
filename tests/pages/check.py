#!/usr/bin/env python3
"""Opens pages in headless Chromium as a phone, a laptop and in the dark, and says what is wrong.

    check.py SCREENSHOTS PAGE.html...

A page must ask for nothing but itself, say nothing on the console that is a warning or an error, and have
no element that reaches beyond the screen, with everything that folds opened too. Screenshots of whole
pages go to the folder SCREENSHOTS. Before that, a page with all of these defects must be found out.

Chromium is talked to over a pipe (Chrome DevTools Protocol, --remote-debugging-pipe): no port, and nothing
but Python's standard library. Without Chromium there is one line that says so, and the exit code 0, unless
PLIMSOLL_REQUIRE_BROWSER=1.
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

# Name, width, height, pixels for each, phone or not, colour scheme.
SETTINGS = [
    ("phone", 390, 844, 2, True, "light"),
    ("laptop", 1366, 768, 1, False, "light"),
    ("dark", 1366, 768, 1, False, "dark"),
    ("dark-phone", 390, 844, 2, True, "dark"),
]

# Elements that reach beyond the screen, and texts that are wider than the box they stand in.
OVERFLOW = """
(() => {
  const wide = document.documentElement.clientWidth, found = [];
  if (document.scrollingElement.scrollWidth > wide)
    found.push(`the page is ${document.scrollingElement.scrollWidth} wide on a screen of ${wide}`);
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    const name = `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> ` +
      JSON.stringify(element.textContent.trim().slice(0, 40));
    if (box.width > 0 && (box.right > wide + 0.5 || box.left < -0.5))
      found.push(`${name} reaches from ${box.left.toFixed(1)} to ${box.right.toFixed(1)} of ${wide}`);
    if (!(element instanceof SVGElement) && element.clientWidth > 0
        && element.scrollWidth > element.clientWidth + 1)
      found.push(`${name} is ${element.scrollWidth} wide in a box of ${element.clientWidth}`);
  }
  return found;
})()
"""

# Text that is too faint on its ground: WCAG 2.1, success criterion 1.4.3 (contrast of at least 4.5).
FAINT = """
(() => {
  const number = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = number(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || element.getBoundingClientRect().width === 0) continue;
    const style = getComputedStyle(element);
    const ink = number(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5)
      found.add(`<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> ` +
        `has a contrast of ${contrast.toFixed(1)}: ${JSON.stringify(element.textContent.trim().slice(0, 40))}`);
  }
  return [...found].slice(0, 10);
})()
"""

DEFECTS = """<!doctype html><meta charset="utf-8"><title>defects</title>
<link rel="stylesheet" href="elsewhere.css">
<p style="width: 3000px; color: #ddd">too wide and too faint</p>
<details><summary>more</summary><p style="margin-left: -400px">beyond the left edge</p></details>
<script>console.error("an error")</script>
"""


class Browser:
    """Chromium, and what it says."""

    def __init__(self, program, home):
        to_child, to_browser = os.pipe()
        from_browser, to_us = os.pipe()
        # Out of the way of 3 and 4, which Chromium reads and writes.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_child, to_us)]

        def arrange():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.log = open(os.path.join(home, "chromium.log"), "wb")
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={home}/profile",
             "about:blank"],
            pass_fds=(3, 4), preexec_fn=arrange, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        for end in (to_child, to_us, *ends):
            os.close(end)
        self.out, self.into = to_browser, from_browser
        self.buffer, self.events, self.last = b"", [], 0

    def message(self, until):
        """The next message."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0, until - time.monotonic()))
            data = os.read(self.into, 1 << 20) if ready else b""
            if not data:
                sys.exit("error: chromium does not answer")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **params):
        """What a method returns; events that come before are kept."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        until = time.monotonic() + 60
        while True:
            answer = self.message(until)
            if answer.get("id") == self.last:
                if "error" in answer:
                    sys.exit(f"error: chromium: {method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, event, session):
        """Until an event has come."""
        until = time.monotonic() + 60
        is_it = lambda one: one.get("method") == event and one.get("sessionId") == session
        while not any(map(is_it, self.events)):
            self.events.append(self.message(until))

    def close(self):
        self.call("Browser.close")
        self.process.wait(timeout=60)
        self.log.close()


def visit(browser, url, setting, screenshot):
    """Everything that is wrong with a page in one setting."""
    name, width, height, pixels, phone, scheme = setting
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    call = lambda method, **params: browser.call(method, session, **params)
    browser.events.clear()
    for domain in ("Page", "Network", "Runtime", "Log"):
        call(f"{domain}.enable")
    call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=pixels,
         mobile=phone)
    call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    call("Page.navigate", url=url)
    browser.wait("Page.loadEventFired", session)
    evaluate = lambda code: call("Runtime.evaluate", expression=code, returnByValue=True)["result"]["value"]
    found = evaluate(OVERFLOW)
    size = call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 14000), "scale": 1}
    picture = call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    if screenshot:
        screenshot.write_bytes(base64.b64decode(picture))
    evaluate("document.querySelectorAll('details').forEach((one) => one.open = true); ''")
    found += [f"unfolded: {one}" for one in evaluate(OVERFLOW) if one not in found]
    found += evaluate(FAINT)
    for event in browser.events:
        if event.get("sessionId") == session:
            found += told(event["method"], event["params"], url)
    browser.call("Target.closeTarget", targetId=target)
    return [f"{name}: {one}" for one in dict.fromkeys(found)]


def told(method, params, url):
    """What is wrong by one event."""
    if method == "Network.requestWillBeSent" and params["request"]["url"] != url:
        return [f"asks for {params['request']['url']}"]
    if method == "Runtime.consoleAPICalled" and params["type"] in ("warning", "error", "assert"):
        texts = [str(arg.get("value", arg.get("description"))) for arg in params["args"]]
        return [f"console: {params['type']}: {' '.join(texts)}"]
    if method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
        return [f"console: {params['entry']['level']}: {params['entry']['text']}"]
    if method == "Runtime.exceptionThrown":
        return [f"console: {params['exceptionDetails']['text']}"]
    return []


def finds_defects(browser, home):
    """Whether a page with every defect is found out: a check that cannot fail says nothing."""
    page = pathlib.Path(home, "defects.html")
    page.write_text(DEFECTS)
    found = "\n".join(visit(browser, page.as_uri(), SETTINGS[0], None))
    wanted = ["asks for", "console: error: an error", "too wide", "beyond the left edge", "contrast"]
    for one in wanted:
        if one not in found:
            sys.exit(f"error: the check does not find a planted defect: {one}\n{found}")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("PLIMSOLL_REQUIRE_BROWSER") == "1":
            sys.exit("error: chromium is missing: apt-get install chromium")
        print("skipped: pages in a browser, for want of chromium")
        return
    screenshots = pathlib.Path(sys.argv[1])
    screenshots.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        browser = Browser(program, home)
        finds_defects(browser, home)
        for page in map(pathlib.Path, sys.argv[2:]):
            name = page.stem if page.stem != "report" else page.parent.name
            for setting in SETTINGS:
                picture = screenshots / f"{name}-{setting[0]}.png"
                for one in visit(browser, page.resolve().as_uri(), setting, picture):
                    wrong += 1
                    print(f"{page}: {one}")
            print(f"{page}: seen as {', '.join(setting[0] for setting in SETTINGS)}")
        browser.close()
    if wrong:
        sys.exit(f"error: {wrong} things wrong")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The report page in headless Chromium, driven over the WebDriver protocol with the standard library alone.

Usage: browser_test.py WRITE_EXAMPLE_REPORT [--screenshots FOLDER]. Exit code 77: skipped, no browser here.
"""
import base64
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

CHROMEDRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WRITER = None
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ATTACK = "</script><script>window.attacked = 1</script><img src=x onerror='window.attacked = 2'>"


class Browser:
    """One chromedriver and one session."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen([CHROMEDRIVER, f"--port={port}"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._wait_until_ready()
        options = {"args": FLAGS + [f"--user-data-dir={folder}/profile"], "binary": CHROMIUM}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += "/session/" + session["sessionId"]

    def _wait_until_ready(self):
        for _ in range(150):
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with self.opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def open(self, path):
        self.call("POST", "/url", {"url": pathlib.Path(path).as_uri()})

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def hover(self, selector):
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", selector)
        time.sleep(0.2)  # the scroll event, which hides tooltips, comes with the next frame
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": {ELEMENT: self.find(selector)}}
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def key(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def command(self, name, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def resize(self, width, height=900):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def screenshot(self, path):
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        image = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))

    def close(self):
        try:
            self.call("DELETE", "")
        except (RuntimeError, urllib.error.URLError):
            pass
        self.process.terminate()
        self.process.wait(10)


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tern_report_", ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.page = f"{cls.folder.name}/report.html"
        subprocess.run([WRITER, cls.page], check=True)
        cls.browser = Browser(cls.folder.name)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.log("performance")
        self.browser.log("browser")
        self.browser.command("Emulation.setEmulatedMedia", media="", features=[])
        self.browser.resize(1200)
        self.browser.open(self.page)

    def tearDown(self):
        self.assertEqual([entry["message"] for entry in self.browser.log("browser")], [], "console messages")

    def text(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).innerText", selector)

    def data(self, expression):
        return self.browser.run("const data = JSON.parse(document.getElementById('report-data').textContent);"
                                f"return {expression}")

    def test_asks_for_nothing_else(self):
        events = [json.loads(entry["message"])["message"] for entry in self.browser.log("performance")]
        asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        self.assertEqual([url for url in asked if not url.startswith(("file:", "data:"))], [])
        self.assertEqual(len([url for url in asked if url.startswith("file:")]), 1, asked)
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)"
                                          ".filter(name => !name.startsWith('data:'))"), [])

    def test_draws_a_point_a_trial(self):
        drawn = self.browser.run("return document.querySelectorAll('#front .point').length")
        self.assertEqual(drawn, self.data("data.trials.length"))
        self.assertGreater(drawn, 20)
        outside = self.browser.run(
            "const b = document.querySelector('#front svg').getBoundingClientRect();"
            "return [...document.querySelectorAll('#front .point')].map(p => p.getBoundingClientRect())"
            ".filter(r => r.left < b.left || r.right > b.right || r.top < b.top || r.bottom > b.bottom).length")
        self.assertEqual(outside, 0)
        self.browser.click("#front-scale button:last-child")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#front .point').length"), drawn)

    def test_the_cost_axis_can_be_chosen(self):
        self.assertEqual(self.browser.run("return document.querySelectorAll('#front-cost button').length"), 4)
        keys = ["energy", "file_bytes", "nonzeros", "bit_operations"]
        axes = ["energy of one sample", "weights in the packed file", "weights that are not zero",
                "bit operations of one sample"]
        for i, (key, axis) in enumerate(zip(keys, axes)):
            self.browser.click(f"#front-cost button:nth-child({i + 1})")
            self.assertIn(axis, self.browser.run("return document.querySelector('#front svg').textContent"))
            self.assertEqual(self.browser.run("return document.querySelectorAll('#front circle.front-ring').length"),
                             self.data(f"data.fronts.{key}.length"))
            order = self.browser.run("return [...document.querySelectorAll('#front .point')].map(p => +p.dataset.trial)")
            values = [self.data(f"data.trials[{trial}].{key}") for trial in order]
            self.assertEqual(values, sorted(values))

    def test_shows_bits_and_sizes(self):
        heads = self.text("#results thead").replace("\t", " ")
        for head in ["bits w/a", "non-zeros", "file bytes", "MMACs", "GBOPs", "vs baseline"]:
            self.assertIn(head, heads)
        self.assertNotIn("Mcycles", heads)
        self.assertIn("2/8", self.text("#results tbody"))

    def test_hovering_shows_all_figures(self):
        self.assertTrue(self.browser.run("return document.getElementById('tip').hidden"))
        best = self.data("data.groups[data.best].trials[0]")
        self.browser.hover(f"#front .point[data-trial='{best}']")
        tip = self.text("#tip")
        trial = self.data(f"data.trials[{best}]")
        figures = [trial["key"], trial["seed"], f"{100 * trial['validation']:.1f} %", f"{100 * trial['test']:.1f} %"]
        for figure in figures + ["energy", "zeros reached", "cycles", "weight memory"]:
            self.assertIn(figure, tip)

    def test_clicking_selects_the_trial(self):
        before = self.text("#layers")
        other = self.data("data.trials.findIndex(t => t.combination === 'baseline')")
        self.browser.hover(f"#front .point[data-trial='{other}']")
        self.browser.run("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))",
                         f"#front .point[data-trial='{other}']")
        self.assertNotEqual(self.text("#layers"), before)
        self.assertIn("float", self.text("#layers"))
        self.assertEqual(self.text("#trial .trial-name").split()[0], self.data(f"data.trials[{other}].key"))
        self.assertEqual(self.browser.run("return document.querySelector('#front .point[aria-pressed=true]').dataset.trial"),
                         str(other))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#results tr[aria-selected=true]').length"), 1)

    def test_keyboard_walks_the_points(self):
        self.browser.run("document.querySelector('#front .point[tabindex=\"0\"]').focus()")
        self.browser.key("\ue014")  # right arrow
        self.browser.key("\ue007")  # enter
        chosen = self.browser.run("return document.activeElement.dataset.trial")
        self.assertIsNotNone(chosen)
        self.assertEqual(self.text("#trial .trial-name").split()[0], self.data(f"data.trials[{chosen}].key"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#front .point[tabindex=\"0\"]').length"), 1)

    def test_sorts_the_results(self):
        column = self.browser.run("return [...document.querySelectorAll('#results th')]"
                                  ".findIndex(h => h.innerText.startsWith('validation'))")
        head = f"#results th:nth-child({column + 1}) button"
        read = ("return [...document.querySelectorAll('#results tbody tr')]"
                f".map(r => parseFloat(r.children[{column}].innerText))")
        self.browser.click(head)
        falling = self.browser.run(read)
        self.browser.click(head)
        rising = self.browser.run(read)
        self.assertEqual(falling, sorted(falling, reverse=True))
        self.assertEqual(rising, sorted(rising))
        self.assertEqual(self.browser.run("return document.querySelector('#results th[aria-sort]').ariaSort"), "ascending")
        self.browser.click("#results-rows button:last-child")
        self.assertEqual(len(self.browser.run(read)), self.data("data.trials.length"))

    def test_draws_spikes_frames_and_curves(self):
        painted = self.browser.run(
            "return [...document.querySelectorAll('#example canvas, #curves canvas')].map(c => new Set(new Uint32Array("
            "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)")
        self.assertGreaterEqual(len(painted), 4 + 1 + 16 + 2)
        self.assertGreater(min(painted), 1, painted)
        self.browser.run("const s = document.querySelector('.stepper input'); s.value = 5; s.dispatchEvent(new Event('input'))")
        self.assertEqual(self.text(".stepper output"), "step 6 of 16")

    def test_shows_where_the_energy_goes(self):
        bars = self.browser.run("return document.querySelectorAll('#energy .bar-row').length")
        self.assertEqual(bars, self.data("data.groups.filter((g, i) => g.on_front || i === data.baseline).length"))
        self.browser.click("#energy-scale button:last-child")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#energy .bar-row').length"), bars)

    def test_fits_a_phone(self):
        self.browser.resize(390)
        self.browser.open(self.page)
        self.assertEqual(self.browser.run("return innerWidth"), 390)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 390)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#front .point').length"),
                         self.data("data.trials.length"))

    def test_an_attack_in_a_name_stays_text(self):
        page = f"{self.folder.name}/attack.html"
        subprocess.run([WRITER, page, ATTACK], check=True)
        self.browser.open(page)
        self.assertTrue(self.browser.run("return window.attacked === undefined"))
        self.assertEqual(self.text("h1"), ATTACK)

    def test_an_unfinished_study(self):
        page = f"{self.folder.name}/bare.html"
        subprocess.run([WRITER, page, "Just begun", "bare"], check=True)
        self.browser.open(page)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#front .point').length"), 2)
        self.assertIn("loss is NaN in epoch 3", self.text("#unfinished"))
        self.assertTrue(self.browser.run("return document.getElementById('example-section').hidden"))
        self.browser.run("const p = document.getElementById('trial-picker'); p.value = '2';"
                         "p.dispatchEvent(new Event('change'))")
        self.assertIn("failed: loss is NaN in epoch 3", self.text("#trial"))
        self.assertIn("No layers were measured", self.text("#layers"))

    def test_dark_and_printed(self):
        self.browser.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        dark = self.browser.run("return getComputedStyle(document.body).backgroundColor")
        self.browser.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
        self.assertNotEqual(self.browser.run("return getComputedStyle(document.body).backgroundColor"), dark)
        printed = base64.b64decode(self.browser.call("POST", "/print", {"background": True}))
        self.assertTrue(printed.startswith(b"%PDF"))
        self.browser.command("Emulation.setEmulatedMedia", media="print")
        self.browser.resize(718)  # A4 less its margins
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 718)


def take_screenshots(writer, target):
    with tempfile.TemporaryDirectory(prefix="tern_report_", ignore_cleanup_errors=True) as folder:
        subprocess.run([writer, f"{folder}/report.html"], check=True)
        browser = Browser(folder)
        try:
            for name, width, scheme in [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 390, "light")]:
                browser.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                browser.resize(width)
                browser.open(f"{folder}/report.html")
                browser.screenshot(f"{target}/report_{name}.png")
        finally:
            browser.close()


def main():
    global WRITER
    if not CHROMEDRIVER or not CHROMIUM:
        print("skipped: needs chromium and chromedriver")
        return 77
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    WRITER = sys.argv[1]
    if len(sys.argv) > 3 and sys.argv[2] == "--screenshots":
        take_screenshots(WRITER, sys.argv[3])
        return 0
    result = unittest.main(argv=[sys.argv[0], "-v"], exit=False).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

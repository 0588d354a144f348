"""Looks at the console's pages as people do: in Chromium, at a phone's and a desk's width, with keyboard and without
JavaScript, in light and dark.

Reads one JSON object, {"fleets": [{"name", "address", "key", "instances"}, …], "token", "words"}, and prints a line for
each look that found nothing and one that begins with "fault:" for each thing that is wrong. Nothing that a browser says
of a page is taken as harmless: a word on its console, a refused script, a request elsewhere are faults.
"""

import collections
import json
import shutil
import sys
import time
import urllib.request
from importlib import resources

from playwright.sync_api import sync_playwright

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
WIDTHS = {"phone": (390, 844), "desk": (1440, 900)}
# Between the two, where the navigation alone is looked at.
BETWEEN = [768, 1024, 1280]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} refused ${event.blockedURI}`));
"""
# What a browser would rather see, and does not hold to be wrong.
QUIET = {"verbose", "debug"}
# Names an element by what does not change when a part of the page is brought up to date.
NAME = """
window.nameOf = (element) => [element.tagName, element.getAttribute("href"), element.name, element.value,
  element.ariaLabel, element.matches("div") ? "" : element.innerText].filter(Boolean).join(" ").slice(0, 120);
"""
# What should be reached with the Tab key: what can be used and is to be seen.
REACHABLE = """
() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((element) => element.checkVisibility() && !element.disabled && !element.closest("details:not([open]) > *:not(summary)"))
  .map(nameOf)
"""


# What of the navigation is not to be seen whole without scrolling.
CLIPPED = """
() => [...document.querySelectorAll(".top nav, .top nav a, .top .account, .top .brand")]
  .filter((element) => {
    const box = element.getBoundingClientRect();
    return element.scrollWidth > element.clientWidth + 1 && element.matches("nav")
      || box.left < -1 || box.right > innerWidth + 1 || box.top < -1;
  }).map((element) => element.innerText.split("\\n")[0])
"""


class Report:
    def __init__(self):
        self.faults = 0

    def good(self, what):
        print(f"ok: {what}", flush=True)

    def bad(self, where, what):
        self.faults += 1
        print(f"fault: {where}: {' '.join(str(what).split())[:600]}", flush=True)


class Fleet:
    """One server and the browser's windows on it."""

    def __init__(self, browser, report, name, address, key, instances):
        self.browser, self.report, self.name = browser, report, name
        self.address, self.key, self.instances = address, key, instances
        self.state = None

    def window(self, width="desk", scheme="light", script=True):
        size = WIDTHS[width]
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, java_script_enabled=script,
            storage_state=self.state)
        context.set_default_timeout(20_000)
        context.add_init_script(WATCH + NAME)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: self.heard(page, message))
        page.on("pageerror", lambda error: page.said.append(f"script failed: {error}"))
        page.on("request", lambda request: self.asked(page, request.url))
        return page

    def heard(self, page, message):
        if message.type not in QUIET:
            page.said.append(f"console {message.type}: {message.text}")

    def asked(self, page, url):
        if not url.startswith((self.address + "/", "data:")):
            page.said.append(f"asked another host: {url}")

    def sign_in(self):
        page = self.window()
        page.goto(self.address + "/events")
        page.get_by_label("Key").fill(self.key)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/events")
        self.state = page.context.storage_state()
        self.judge(page, f"{self.name} sign-in")
        self.paths = page.eval_on_selector_all(
            "header nav a", "links => links.map(link => link.getAttribute('href'))")
        page.context.close()

    def judge(self, page, where):
        for said in page.said + page.evaluate("window.violations || []"):
            self.report.bad(where, said)
        page.said.clear()

    def look(self, width, scheme, paths, thorough):
        page = self.window(width, scheme)
        titles = {}
        for path in paths:
            where = f"{self.name} {path} {width} {scheme}"
            begun = time.monotonic()
            # Not until the network is still: a page that keeps itself up to date never is.
            answer = page.goto(self.address + path, wait_until="load")
            if answer.status != 200:
                self.report.bad(where, f"status {answer.status}")
                continue
            titles[path] = self.shape(page, where, width)
            if thorough:
                self.rules(page, where)
            self.report.good(f"{where}: {titles[path]!r} in {(time.monotonic() - begun) * 1000:.0f} ms")
        page.context.close()
        return titles

    def shape(self, page, where, width):
        self.judge(page, where)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.report.bad(where, f"{wide} pixels wider than the window")
        self.navigation(page, where)
        if width == "desk":
            for between in BETWEEN:
                page.set_viewport_size({"width": between, "height": WIDTHS[width][1]})
                self.navigation(page, f"{where} at {between}")
            page.set_viewport_size({"width": WIDTHS[width][0], "height": WIDTHS[width][1]})
        headings = page.locator("h1").all_inner_texts()
        if len(headings) != 1:
            self.report.bad(where, f"{len(headings)} headings of the first level")
        if not page.evaluate("document.documentElement.lang"):
            self.report.bad(where, "the page says no language")
        return headings[0] if headings else ""

    def navigation(self, page, where):
        for name in page.evaluate(CLIPPED):
            self.report.bad(where, f"the navigation is clipped at {name!r}")

    def rules(self, page, where):
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for violation in result["violations"]:
            node = violation["nodes"][0]
            self.report.bad(
                where, f"{violation['impact']} {violation['id']}: {violation['help']} at {node['html'][:160]}: "
                f"{node.get('failureSummary', '')}")
        # What the rules' own script made the page say is not the page's.
        page.said.clear()
        page.evaluate("window.violations.length = 0")

    def read_without_script(self, titles):
        page = self.window(script=False)
        for path, title in titles.items():
            where = f"{self.name} {path} without JavaScript"
            page.goto(self.address + path)
            if page.locator("h1").inner_text() != title:
                self.report.bad(where, "another heading")
            if len(page.locator("main").inner_text().split()) < 5:
                self.report.bad(where, "nothing to read")
        self.report.good(f"{self.name}: {len(titles)} pages read without JavaScript")
        page.context.close()

    def further_pages(self):
        """One page of each kind that the pages of the navigation lead to, and these in turn."""
        page = self.window()
        found, looking = {}, self.paths
        for _ in range(2):
            known = set(found)
            for path in looking:
                page.goto(self.address + path)
                for link in page.eval_on_selector_all(
                        "main a[href^='/']", "links => links.map(link => link.getAttribute('href').split(/[?#]/)[0])"):
                    kind = tuple("…" if any(sign.isdigit() for sign in part) else part for part in link.split("/"))
                    if link not in self.paths:
                        found.setdefault(kind, link)
            looking = [link for kind, link in found.items() if kind not in known]
        page.context.close()
        return sorted(found.values())

    def migrate_and_undo(self):
        """A migration from its plan to its undoing, seen to the end without loading a page again."""
        page = self.window()
        where = f"{self.name} migration"
        page.goto(self.address + "/migration/plan")
        page.get_by_role("button", name="Plan now").click()
        page.locator("#plan").get_by_text("The plan is done").wait_for()
        page.goto(self.address + "/migration/plan")
        page.get_by_text("fields").first.click()
        if "phone_number" not in page.locator("main").inner_text():
            self.report.bad(where, "the differences are not shown field by field")
        page.get_by_role("button", name="Migrate").click()
        page.get_by_role("button", name="Migrate", exact=True).click()
        page.locator("#migration").get_by_text("The migration is done").wait_for()
        page.goto(self.address + "/migration/runs")
        page.locator("td a").first.click()
        page.get_by_role("button", name="Undo…").click()
        page.get_by_role("button", name="Undo the run").click()
        page.locator("#migration").get_by_text("The undoing is done").wait_for()
        self.judge(page, where)
        self.report.good(f"{self.name}: planned, migrated and undone")
        page.context.close()

    def invite_a_user(self):
        """A user from the form to a key of her own, by a link that is good once."""
        page = self.window()
        where = f"{self.name} users"
        page.goto(self.address + "/settings/users")
        page.get_by_label("Name", exact=True).fill("ana")
        page.get_by_role("button", name="Create").click()
        page.get_by_role("button", name="Invite").click()
        link = page.locator("pre").inner_text()
        self.judge(page, where)
        page.context.close()
        admin, self.state = self.state, None
        guest = self.window()
        self.state = admin
        guest.goto(link)
        guest.get_by_role("button", name="Open the console").click()
        guest.get_by_role("link", name="ana", exact=True).click()
        guest.get_by_label("Name of the key").fill("laptop")
        guest.get_by_role("button", name="Make a key").click()
        if not guest.locator("pre").inner_text().startswith("hgk_"):
            self.report.bad(where, "a user's own key is not shown")
        self.judge(guest, where)
        guest.goto(link)
        guest.get_by_role("button", name="Open the console").click()
        if "not good" not in guest.locator("main").inner_text():
            self.report.bad(where, "a link is good twice")
        guest.context.close()
        self.report.good(f"{self.name}: a user invited, with a key of her own")

    def reach_by_keyboard(self, paths):
        page = self.window()
        for path in paths:
            where = f"{self.name} {path} by keyboard"
            page.goto(self.address + path)
            wanted = page.evaluate(REACHABLE)
            reached = set()
            for _ in range(len(wanted) + 3):
                page.keyboard.press("Tab")
                name, outline = page.evaluate(
                    "[nameOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle]")
                reached.add(name)
                if outline == "none" and name in wanted:
                    self.report.bad(where, f"the focus is not to be seen on {name}")
            for name in wanted:
                if name not in reached:
                    self.report.bad(where, f"not reached: {name}")
        self.report.good(f"{self.name}: {len(paths)} pages by keyboard")
        page.context.close()

    def mask_and_reveal(self, token, words):
        """A patient's words are shown to whoever says why, and not before."""
        body = {"event": "messages.upsert", "instance": self.instances[0], "data": {
            "key": {"remoteJid": "15550101001@s.whatsapp.net", "id": "3EB0C0", "fromMe": False},
            "message": {"conversation": words}}}
        request = urllib.request.Request(
            f"{self.address}/webhooks/evolution/whatsapp/{token}", json.dumps(body).encode(),
            {"content-type": "application/json"})
        identifier = json.loads(urllib.request.urlopen(request, timeout=10).read())["id"]
        page = self.window()
        for _ in range(100):
            if page.goto(f"{self.address}/events/{identifier}").status == 200:
                break
            page.wait_for_timeout(100)
        # Until it is shipped, its page is not there, which the browser says as well.
        page.said.clear()
        where = f"{self.name} event"
        if words in page.content():
            self.report.bad(where, "the words are in the page before anybody asked")
        page.get_by_label("Why the words must be seen").fill("asked by the clinic")
        page.get_by_role("button", name="Show in clear").click()
        page.wait_for_load_state()
        if words not in page.locator("pre").inner_text():
            self.report.bad(where, "the words are not revealed")
        self.judge(page, where)
        page.goto(f"{self.address}/audit")
        if "asked by the clinic" not in page.locator("main").inner_text():
            self.report.bad(where, "the revealing is not in the audit log")
        self.report.good(f"{self.name}: masked, and revealed with a reason")
        page.context.close()
        return f"/events/{identifier}"

    def colours_differ(self):
        grounds = []
        for scheme in ["light", "dark"]:
            page = self.window(scheme=scheme)
            page.goto(self.address + "/")
            grounds.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
            page.context.close()
        if grounds[0] == grounds[1]:
            self.report.bad(f"{self.name} /", f"light and dark are both {grounds[0]}")


def main():
    asked = json.load(sys.stdin)
    report = Report()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for description in asked["fleets"]:
            fleet = Fleet(browser, report, **description)
            fleet.sign_in()
            few = fleet.name == "few"
            paths = list(fleet.paths)
            if few:
                fleet.migrate_and_undo()
                fleet.invite_a_user()
                paths.append(fleet.mask_and_reveal(asked["token"], asked["words"]))
                paths += [path for path in fleet.further_pages() if path not in paths]
                fleet.colours_differ()
            titles = fleet.look("desk", "light", paths, few)
            for title, count in collections.Counter(titles.values()).items():
                if count > 1:
                    report.bad(fleet.name, f"{count} pages are called {title!r}")
            fleet.look("phone", "dark", paths, few)
            if few:
                fleet.reach_by_keyboard(paths)
                fleet.read_without_script(titles)
        browser.close()
    print(f"{report.faults} faults")


if __name__ == "__main__":
    main()

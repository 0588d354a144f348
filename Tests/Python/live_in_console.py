"""Takes integrations through their lives by clicks alone, in Chromium, at a phone's and a desk's width: made, paired until
the page says so by itself, held back, deleted; and an instance switched over and taken back.

Reads one JSON object, {"address", "key", "simulator", "gateway", "clinics": {"desk": …, "phone": …},
"instances": {"desk": …, "phone": …}}, and prints as browse_console.py does.
"""

import base64
import json
import shutil
import sys
import urllib.request

import zxingcpp
from browse_console import FLAGS, Fleet, Report
from playwright.sync_api import sync_playwright

SCHEMES = {"phone": "dark", "desk": "light"}
# The grey of every pixel of a picture.
PIXELS = """
async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  return [image.width, image.height, Array.from({length: image.width * image.height}, (_, at) => pixels[4 * at + 1])];
}
"""


class Simulator:
    """The simulated Evolution server, driven as its users drive it."""

    def __init__(self, address):
        self.address = address

    def ask(self, call, body=None):
        request = urllib.request.Request(
            f"{self.address}/__simulator/{call}", body and json.dumps(body).encode(),
            {"content-type": "application/json"})
        return json.loads(urllib.request.urlopen(request, timeout=10).read())

    def scan(self, instance):
        self.ask("scan", {"instance": instance, "number": "15550101001"})

    def url(self, instance):
        found = [entry for entry in self.ask("instances") if entry["name"] == instance]
        return found[0]["webhook"]["url"] if found else None


def read_code(page):
    """What a telephone would read from the picture as it is seen."""
    # By then the part has been sent once, and stays as it is.
    page.locator("[data-ends]", has_text="in about").wait_for()
    png = base64.b64encode(page.locator("svg.qr").screenshot()).decode()
    width, height, grey = page.evaluate(PIXELS, png)
    seen = memoryview(bytes(grey)).cast("B", shape=[height, width])
    page.said.clear()
    return [code.text for code in zxingcpp.read_barcodes(seen)]


def make_and_connect(fleet, width, clinic, simulator):
    page = fleet.window(width, SCHEMES[width])
    where = f"create {width}"
    report, instance = fleet.report, f"clinic-{clinic}"

    def look(what):
        fleet.shape(page, f"{where} {what}", width)
        fleet.rules(page, f"{where} {what}")

    page.goto(fleet.address + "/integrations")
    page.get_by_role("link", name="New integration").click()
    page.get_by_label("Clinic", exact=True).fill(clinic)
    page.get_by_label("Display name").fill(f"Reception {width}")
    page.get_by_label("Rehearsal: allow a public URL on this machine").check()
    look("form")
    page.get_by_role("button", name="Look first…").click()
    page.get_by_role("heading", name="What this would do").wait_for()
    look("question")
    if simulator.url(instance):
        report.bad(where, "the instance is made before anybody agreed")
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/connect")
    page.evaluate("window.isSame = true")
    if read_code(page) == []:
        report.bad(where, "no reader reads the code")
    look("code")
    path = page.url.removeprefix(fleet.address)
    plain = fleet.window(width, SCHEMES[width], script=False)
    plain.goto(page.url)
    if not plain.locator("svg.qr").is_visible() or plain.locator("meta[http-equiv=refresh]").count() != 1:
        report.bad(where, "without JavaScript there is no code, or it stays as it is")
    plain.context.close()
    if width == "desk":
        fleet.reach_by_keyboard([path, "/integrations/new"])
    simulator.scan(instance)
    page.locator("#pairing").get_by_text("Connected").wait_for()
    if not page.evaluate("window.isSame === true"):
        report.bad(where, "the page was loaded again")
    look("connected")
    page.get_by_role("link", name="To the integration").click()
    # Its status comes by a webhook.
    for _ in range(100):
        if page.locator(".title .badge").get_by_text("active", exact=True).count():
            break
        page.wait_for_timeout(100)
        page.reload()
    else:
        report.bad(where, "the integration is not active")
    look("detail")
    page.get_by_role("button", name="Disable…").click()
    page.get_by_role("button", name="Disable", exact=True).click()
    page.get_by_text("Its webhooks are held back.").wait_for()
    page.get_by_label("Why the whole URL must be seen").fill("moved by hand")
    page.get_by_role("button", name="Show the whole URL").click()
    if simulator.url(instance) != page.locator("main code").inner_text():
        report.bad(where, "another URL is shown than was set")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_label(f"Type {instance} to delete it").fill(instance)
    look("deletion")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("the server confirms").wait_for()
    if simulator.url(instance):
        report.bad(where, "the instance is still there")
    fleet.judge(page, where)
    report.good(f"{where}: made, connected, held back and deleted")
    page.context.close()


def switch_and_roll_back(fleet, width, instance, simulator, gateway):
    page = fleet.window(width, SCHEMES[width])
    where = f"switch-over {width}"
    before = simulator.url(instance)
    page.goto(fleet.address + "/switch-over")
    page.get_by_label("Instances, one on a line; none for all").fill(instance)
    page.get_by_label("Minutes to wait for each first event").fill("0")
    page.get_by_label("Rehearsal: allow a public URL on this machine").check()
    page.get_by_role("button", name="Switch over…").click()
    page.get_by_role("button", name="Switch over", exact=True).click()
    page.locator("#switch-over").get_by_text("The switch-over is done").wait_for()
    if not simulator.url(instance).startswith(f"{gateway}/webhooks/evolution/whatsapp/hgw_"):
        fleet.report.bad(where, "the instance does not post to its token URL")
    page.get_by_role("button", name="Take this run back…").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    page.locator("#switch-over").get_by_text("The rollback is done").wait_for()
    if simulator.url(instance) != before:
        fleet.report.bad(where, "what stood at Evolution before is not put back")
    fleet.rules(page, where)
    fleet.judge(page, where)
    fleet.report.good(f"{where}: switched over and taken back")
    page.context.close()


def main():
    asked = json.load(sys.stdin)
    report = Report()
    simulator = Simulator(asked["simulator"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        fleet = Fleet(browser, report, "life", asked["address"], asked["key"], [])
        fleet.sign_in()
        for width in ["desk", "phone"]:
            make_and_connect(fleet, width, asked["clinics"][width], simulator)
            switch_and_roll_back(fleet, width, asked["instances"][width], simulator, asked["gateway"])
        browser.close()
    print(f"{report.faults} faults")


main()

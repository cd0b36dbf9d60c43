"""Take the pictures of the user guide: the pages of the application, and figures of the demo.

Run `make demo` first. Needs chromium, and the extra ``test``.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "build" / "demo"
OUT = ROOT / "docs" / "images"
EMULATION, SELECTION = "/emulation/demo/surgery-6-months", "/selection/demo/who-gains"
# Name of the picture, path of the page, height that is shown.
PAGES = (
    ("home", "/", 1150),
    ("evidence", "/evidence", 1500),
    ("evidence-heterogeneity", "/evidence?tab=heterogeneity", 1500),
    ("certainty", "/certainty", 1900),
    ("next-trial", "/next-trial", 1900),
    ("next-trial-boundaries", "/next-trial?part=boundaries", 1900),
    ("meta", "/meta", 1500),
    ("study", "/evidence/studies/soran2018", 1300),
    ("audit-board", "/evidence/audit?rule=direction", 1300),
    ("cohort", "/cohort", 2600),
    ("cohort-groups", "/cohort?by=primary_operated", 2600),
    ("emulations", "/emulation", 1300),
    ("emulation-protocol", f"{EMULATION}?step=protocol", 1500),
    ("emulation-diagnostics", f"{EMULATION}?step=diagnostics", 1500),
    ("emulation-withheld", f"{EMULATION}?step=estimates", 900),
    ("emulation-estimates", f"{EMULATION}?step=estimates&show=anyway", 1900),
    ("emulation-sensitivity", f"{EMULATION}?step=sensitivity&show=anyway", 1500),
    ("emulation-benchmark", f"{EMULATION}?step=benchmark&show=anyway", 1300),
    ("selection", SELECTION, 1400),
    ("jobs", "/jobs", 800),
    ("run", "/runs/demo", 1800),
    ("compare", "/compare?a=demo&b=demo", 800),
    ("uploads", "/uploads", 1300),
    ("methods", "/methods", 1200),
)
PATIENT = {
    "age": "58", "sex": "female", "ecog": "0", "subtype": "HR+/HER2-", "disease": "de novo",
    "metastases": "2", "primary": "in place", "comorbidities": "0", "response": "PR",
    "systemic_months": "5", "menopausal": "post", "symptoms": "no", "m_year": "2018",
}  # fmt: skip
SITES = ("bone",)
# Figures of the report.
FIGURES = (
    "forest_primary-surgery_overall_survival", "multiverse_primary-surgery_overall_survival_rct",
    "registry-survival", "emulation-surgery-6-months-flow", "emulation-surgery-6-months-balance",
    "emulation-surgery-6-months-weights", "emulation-surgery-6-months-curves",
    "emulation-surgery-6-months-ladder", "emulation-surgery-6-months-benchmark",
    "selection-who-gains-groups", "selection-who-gains-calibration", "selection-who-gains-toc",
    "selection-who-gains-value", "selection-who-gains-support",
)  # fmt: skip


def main() -> int:
    """Take every picture and return the exit code."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if not (DEMO / "results.json").is_file():
        print("error: build/demo is missing. hint: make demo", file=sys.stderr)
        return 1
    folder, figures = OUT / "pages", OUT / "figures"
    for one in (folder, figures):
        shutil.rmtree(one, ignore_errors=True)
        one.mkdir(parents=True)
    for name in FIGURES:
        shutil.copyfile(DEMO / "figures" / f"{name}.svg", figures / f"{name}.svg")
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            str(Path(sys.executable).parent / "locoreg"), "serve", "--run", str(DEMO),
            "--registry", str(DEMO / "steps/registry/registry"), "--workspace", scratch,
            "--port", "0",
        ]  # fmt: skip
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[1].rstrip("/")
            take(address, folder)
        finally:
            server.terminate()
            server.wait(30)
    return 0


def take(address: str, folder: Path) -> None:
    """Open each page, wide and some of them narrow, and keep its picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )

        def shot(name: str, path: str, height: int, width: int = 1280, act: Act = None) -> None:
            page = browser.new_page(viewport={"width": width, "height": height})
            answer = page.goto(address + path, timeout=120_000)
            if answer is None or not answer.ok:
                raise SystemExit(f"error: {path} can't be shown.")
            if act is not None:
                act(page)
            keep(page.screenshot(), folder / f"{name}.png")
            page.close()

        for name, path, height in PAGES:
            shot(name, path, height)
        shot("patient-form", "/patient?model=demo/who-gains", 1300)
        shot("patient", "/patient?model=demo/who-gains", 3200, act=fill)
        shot("narrow-evidence", "/evidence", 1400, width=390)
        shot("narrow-emulation", f"{EMULATION}?step=diagnostics", 1400, width=390)
        browser.close()


Act = Callable[[Page], None] | None


def fill(page: Page) -> None:
    """Fill the patient's form with what is known, and send it."""
    for name, value in PATIENT.items():
        field = page.locator(f'[name="{name}"]').first
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    for site in SITES:
        page.locator(f'[name="sites"][value="{site}"]').check()
    page.get_by_role("button", name="Show what applies").click()
    page.wait_for_load_state("networkidle")


def keep(raw: bytes, path: Path) -> None:
    """Write a picture with few colours: pages have no more."""
    picture = Image.open(io.BytesIO(raw)).convert("RGB")
    picture.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())

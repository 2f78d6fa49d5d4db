"""page: what a reader of the page sees, and that no text of a run acts as markup."""

import base64
import hashlib
import json
import re
from dataclasses import replace

from tests.comparison.builders import (
    HOSTILE,
    change_manifest,
    change_predictions,
    different_runs,
    make_curve,
    make_run,
    with_annotator,
    with_folds,
    without_costs,
)
from toolkit.comparison.comparing import compare
from toolkit.pages.figures import draw_learning_curves


def test_page_begins_with_the_result(three):
    comparison = compare(three)
    answer = re.search(r'<p class="answer">(.*?)</p>', comparison.to_html())[1]
    assert answer == comparison.may_conclude()[0].replace("'", "&#39;")


# --- scores


def test_second_annotator_stands_below_the_runs(three):
    runs, annotator = with_annotator(three, "dnpd")
    page = compare(runs).to_html()
    # Below the headline scores and below those of the test split.
    assert page.count("<tfoot>") == 2
    forest = page.split('<table class="forest">')[1].partition("</table>")[0].partition("<tfoot>")[2]
    value, low, high = (f"{annotator['headline'][key]:.3f}" for key in ("value", "low", "high"))
    assert f'<td class="n">–</td><td class="n">{value} <span class="range">[{low}, {high}]</span></td>' in forest


def test_run_far_below_the_best_stands_at_the_edge():
    page = compare([make_run("base", "nnnn", test="nn"), make_run("better", "dpnd")]).to_html()
    assert page.count("◂ 0.000") == 2


# --- pairs


def test_every_pair_stands_in_the_matrix_once(three):
    page = compare(three).to_html()
    for split in ("Cross-validated on train", "Test split"):
        matrix = page.split(f"<caption><span>{split}</span></caption>")[1].partition("</table>")[0]
        assert matrix.count('title="&#39;') == 3
    assert "probability of reversal" in page


def test_significant_difference_is_marked_by_more_than_colour():
    page = compare(different_runs()).to_html()
    assert re.search(r'<td class="better" title="[^"]*">\+1\.000 ▲</td>', page)


def test_difference_that_the_folds_do_not_confirm_has_a_hollow_mark():
    comparison = compare(different_runs())
    unconfirmed = with_folds(comparison, 0.2)
    page = unconfirmed.to_html()
    assert re.search(r'<td class="better" title="[^"]*">\+1\.000 △</td>', page)
    # The test split has no folds.
    both = replace(unconfirmed, pairs=dict.fromkeys(unconfirmed.pairs, unconfirmed.pairs["train"])).to_html()
    assert both.count("△</td>") == both.count("▲</td>") == 1
    assert "Hollow △ or ▽" in page
    assert "Hollow" not in comparison.to_html()
    assert "+1.000 ▲" in with_folds(comparison, 0.001).to_html()


def test_lowest_possible_p_value_is_stated(three):
    assert "none can be below 0.010" in compare(three).to_html()


# --- costs and curves


def test_missing_costs_are_named():
    without = without_costs(make_run("none", "dnpd"))
    page = compare([without, make_run("no", "dpnd", clock={"training_seconds": -1.0})]).to_html()
    assert "training time, s: not recorded" in page
    assert "No run records what it cost." in compare([without, change_manifest(without, name="two")]).to_html()


def test_curves_are_drawn_together_where_runs_have_them(folders):
    assert "No run has a curve in its folder" in compare(folders).to_html()
    for folder in folders[:2]:
        (folder / "curve.json").write_text(json.dumps(make_curve(folder.name)))
    comparison = compare(folders)
    page = comparison.to_html()
    assert "2 of 3 runs have such a curve" in page
    # Means over two orders, of 0.2 and 0.3, and of 0.4 and 0.5.
    assert "<td>0.250 with 2, 0.450 with 4</td>" in page
    curves = [(index, entry.curve) for index, entry in enumerate(comparison.entries) if entry.curve]
    assert draw_learning_curves(curves, "cross-validated") in page


def test_curves_of_one_grade_alone_share_an_axis(folders):
    for folder, grades in zip(folders, (("strict",), ("strict", "lenient"), ("cross-validated",)), strict=True):
        (folder / "curve.json").write_text(json.dumps(make_curve(folder.name, grades)))
    assert "Mean strict score" in compare(folders).to_html()


# --- sentences


def test_sentences_of_the_test_split_are_not_listed():
    comparison = compare([make_run("base", "dpnd", test="pp"), make_run("other", "dpnd", test="dp")])
    assert "Nowhere: all runs predict the same labels." in comparison.to_html()


def test_very_long_and_right_to_left_sentences_are_shown_safely():
    texts = ["x" * 100_000, "نفى الوزير ذلك.", "a", "b", "c", "d"]
    page = compare([make_run("base", "nndn", texts=texts), make_run("other", "dpnd", texts=texts)]).to_html()
    assert len(page) < 400_000
    assert '<td dir="auto"><span class="sentence">نفى الوزير ذلك.</span></td>' in page
    assert "x" * 599 + "…" in page


# --- markup


def test_only_script_of_the_page_is_the_one_its_policy_names(three):
    texts = tuple(f"{HOSTILE} {row}" for row in range(6))
    hostile = [change_predictions(change_manifest(run, name=f"{HOSTILE} {run.name}"), text=texts) for run in three]
    page = compare(hostile).to_html()
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1 == page.count("<script")
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{digest}'"
    )
    assert "<b>" not in page
    assert not re.search(r"\son\w+=", page)


def test_links_of_the_page_lead_somewhere(three):
    page = compare(three).to_html()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert not re.search(r'(src|href)="(?!#)', page)

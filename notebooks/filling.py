"""Draws how full clusters get under several policies: what is allocated of what has been asked for.

    python filling.py OUT.png FOLDER...

Each folder is the result of a run in which pods only arrive, such as those of scenarios/fgd-openb.toml:

    for policy in fgd gpu-bestfit gpu-dotprod gpu-packing gpu-clustering gpu-random; do
        plimsoll run scenarios/fgd-openb.toml --scheduler $policy
    done
    python notebooks/filling.py filling.png results/fgd-openb/*

Needs what requirements.txt lists. OUT.csv has the curves themselves beside the picture.
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd

# Okabe and Ito's colours.
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]


def curve(folder):
    """The scheduler of a run, and its curve: shares of all GPUs, or of all CPU where there are none."""
    summary = json.loads((folder / "summary.json").read_text())
    series = pd.read_csv(folder / "timeseries.csv")
    cluster = series[series["entity"] == "cluster"]
    wide = cluster.pivot(index="time_s", columns="metric", values="value")
    resource = "gpu" if "allocated.gpu" in wide else "cpu"
    allocated = wide[f"allocated.{resource}"]
    asked = allocated + wide[f"waiting.{resource}"]
    points = pd.DataFrame({"asked": 100 * asked, "allocated": 100 * allocated})
    return summary["policies"]["scheduler"]["name"], points


def draw(curves, out):
    figure, (whole, end) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for axes in (whole, end):
        for (policy, points), color in zip(curves, COLORS):
            axes.plot(points["asked"], points["allocated"], color=color, label=policy)
        axes.set_xlabel("asked for so far, % of all")
        axes.grid(axis="y", color="#e5e8ed")
        axes.spines[["top", "right"]].set_visible(False)
    whole.set_ylabel("allocated, % of all")
    last = max(points["asked"].iloc[-1] for _, points in curves)
    least = min(points["allocated"].iloc[-1] for _, points in curves)
    end.set_xlim(80, last)
    end.set_ylim(5 * ((least - 10) // 5), 100)
    end.legend(frameon=False)
    figure.savefig(out, dpi=150)


def main():
    out, *folders = map(Path, sys.argv[1:])
    curves = [curve(folder) for folder in folders]
    curves.sort(key=lambda named: -named[1]["allocated"].iloc[-1])
    draw(curves, out)
    parts = [points.assign(scheduler=policy) for policy, points in curves]
    table = pd.concat(parts)[["scheduler", "asked", "allocated"]]
    table.to_csv(out.with_suffix(".csv"), index=False)
    for policy, points in curves:
        full = points[points["asked"] >= 100]["allocated"]
        print(f"{policy:16} {full.iloc[0]:5.1f} % at 100 %, {full.iloc[-1]:5.1f} % in the end")


if __name__ == "__main__":
    main()

"""Makes stats_pettitt.json; never run by the tests, which read the committed values.

python -m venv peers && peers/bin/pip install pyhomogeneity==1.1
peers/bin/python tests/reference/stats_pettitt.py tests/reference/stats_pettitt.json

The annual flow of the Nile at Aswan 1871 to 1970 (Cobb 1978, Biometrika 65, 243-251) changes after
1898; the other series are random, with and without ties.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyhomogeneity

YEARLY = """
1120 1160 963 1210 1160 1160 813 1230 1370 1140 995 935 1110 994 1020 960 1180 799 958 1140 1100
1210 1150 1250 1260 1220 1030 1100 774 840 874 694 940 833 701 916 692 1020 1050 969 831 726 456
824 702 1120 1100 832 764 821 768 845 864 862 698 845 744 796 1040 759 781 865 845 944 984 897 822
1010 771 676 649 846 812 742 801 1040 860 874 848 890 744 749 838 1050 918 986 797 923 975 815 1020
906 901 1170 912 746 919 718 714 740"""
NILE = [int(flow) for flow in YEARLY.split()]


def main():
    rng = np.random.default_rng(4)
    series = {
        "nile": NILE,
        "smooth": rng.normal(0, 1, 25).round(6).tolist(),
        "ties": rng.integers(-1, 2, 30).tolist(),
        "step": [0, 0, 1, 0, 0, 1, 0, 0, 2, 1, 2, 2, 1, 2, 2, 1],
    }
    found = {name: pyhomogeneity.pettitt_test(np.array(x), sim=None) for name, x in series.items()}
    return {
        "made_by": "tests/reference/stats_pettitt.py",
        "versions": {name: version(name) for name in ("pyhomogeneity", "numpy")},
        "series": series,
        "statistic": {name: float(one.U) for name, one in found.items()},
        "after": {name: int(one.cp) for name, one in found.items()},
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(main()) + "\n")

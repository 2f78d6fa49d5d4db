from .curve_files import check_curve_ending as check_curve_ending, curve_path as curve_path, write_curve as write_curve
from .curves import curve as curve
from .distillation import distill as distill
from .evaluation import TableEvaluation as TableEvaluation, evaluate as evaluate
from .reporting import report as report
from .run_files import CURVE as CURVE
from .runs import Run as Run, load_run as load_run
from .training import train as train
from .verification import verify as verify

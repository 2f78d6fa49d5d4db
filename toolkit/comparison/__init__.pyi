from .comparing import Comparison as Comparison, compare as compare

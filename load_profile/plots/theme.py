"""Colours and words that the pictures and the report have in common. Imports nothing."""

# seaborn's palette "colorblind"
BLUE, ORANGE, GREEN, RED, PINK = "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"
BROWN, ROSE, GREY, YELLOW, SKY = "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"
COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, BROWN, ROSE, GREY, YELLOW, SKY)
DARK = "#222222"
GAP_FILL = "#f6e4f1"  # opaque, so that touching gaps do not add up
GAP_EDGE = "#d795ca"
NET_LABELS = {"signed": "Net power (MW)", "gross": "Gross power (older 'net') (MW)"}

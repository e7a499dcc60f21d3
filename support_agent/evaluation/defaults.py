"""What an evaluation takes where nobody says otherwise; the command line shows it without loading the rest."""

# Token-F1 with the reference from which an answer that nobody read counts as right.
RIGHT_F1 = 0.5
# The largest share of wrong answers that is allowed.
PROMISE = 0.10
# Of every random draw.
SEED = 20260101

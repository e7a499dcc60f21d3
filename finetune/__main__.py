"""``python -m finetune …`` is ``support-agent finetune …``."""

import sys

from support_agent.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "finetune")
    main()

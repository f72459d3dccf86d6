"""The whole command line: what `pipelines` offers, and the workbench above it."""

from pipelines.__main__ import app, main
from workbench import command

command.register(app)

if __name__ == "__main__":
    main()

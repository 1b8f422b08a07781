"""Asks the real Jinja2, set up as dbt documents it, what each snippet of cases/*.txt renders to.

    python make.py          (in an environment with dbt-core and dbt-postgres)

Writes answers.json, which the Rust test compares without Python. A case is one line; in it ⏎ stands for a newline
and ␍ for a carriage return; lines that start with ## are comments. Files named parse_* are rendered as dbt renders
at parse time, where unknown names are undefined to any depth; those named native_* as dbt renders the strings of YAML
files, and the answer is the type and the repr of the value.
"""

import json
import pathlib
import re

from dbt.clients.jinja import get_rendered
from dbt_common.clients import jinja

HERE = pathlib.Path(__file__).parent

CONTEXT = json.loads((HERE / "context.json").read_text())


def modules():
    """The documented `modules` variable."""
    import datetime
    import itertools
    import re as regex

    import pytz

    return {"datetime": datetime, "re": regex, "itertools": itertools, "pytz": pytz}


class Node:
    name = "n"
    unique_id = "model.p.n"
    package_name = "p"
    root_path = "."


RUN = jinja.get_environment(None)
PARSE = jinja.get_environment(Node(), capture_macros=True)


def render(env, source):
    context = json.loads(json.dumps(CONTEXT))
    context["modules"] = modules()
    context["set"] = set
    context["zip"] = zip
    try:
        return {"text": env.from_string(source).render(context)}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


def native(source):
    try:
        value = get_rendered(source, json.loads(json.dumps(CONTEXT)), native=True)
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error).split("\n")[-1].strip()}
    if isinstance(value, str):
        value = str(value)
    return {"text": f"{type(value).__name__} {value!r}"}


def main():
    answers = []
    for path in sorted((HERE / "cases").glob("*.txt")):
        env = PARSE if path.stem.startswith("parse_") else RUN
        for line in path.read_text().splitlines():
            if not line.strip() or line.startswith("##"):
                continue
            source = line.replace("⏎", "\n").replace("␍", "\r")
            answer = native(source) if path.stem.startswith("native_") else render(env, source)
            if "text" in answer:
                # Addresses differ from run to run.
                answer["text"] = re.sub(r"0x[0-9a-f]{6,}", "0x0", answer["text"])
            answers.append({"theme": path.stem, "source": source, **answer})
    text = json.dumps(answers, indent=1, ensure_ascii=False)
    (HERE / "answers.json").write_text(text + "\n")
    print(len(answers), "answers")


if __name__ == "__main__":
    main()

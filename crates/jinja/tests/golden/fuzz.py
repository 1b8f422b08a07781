"""Renders random texts with Jinja2 and with us, and prints those that differ.

    cargo build -p jinja --example render
    python fuzz.py [SEED [COUNT]]          (in an environment with dbt-core and dbt-postgres)
"""

import json
import pathlib
import random
import re
import subprocess
import sys

from make import HERE, RUN, render

RENDER = HERE.parents[3] / "target" / "debug" / "examples" / "render"

ATOMS = """1 0 -1 2 3 42 1.5 -0.5 2.0 1e3 true false none 'a' 'b' '' 'abc' 'Hello World' ' x ' 'a,b,c' '10' '3.7' '%s' '{}'
n f neg s empty t no nothing words numbers d nested users undef multi unicode [] {} [1,2,3] (1,2) () [none,1] {'a':1}
{'b':[1,2],'a':none} ['b','a','C'] range(4) [[1,2],[3]] [(1,'x'),(2,'y')] 'ünï' ['x'] d.a d['b'] nested.list
users[0] users[0].name numbers[0] words[-1] s[0] s[1:4] numbers[::2] nested.a.b.c d.items() d.keys() set([1,2])""".split()
BINARY = "+ - * / // % ** ~ == != < > <= >= in and or".split() + ["not in", "is", "is not"]
TESTS = """defined undefined none string number integer float mapping sequence iterable odd even true false boolean callable
lower upper sameas(1) eq(1) divisibleby(2) in([1,2,'a']) gt(1) escaped""".split()
FILTERS = """abs capitalize center(9) default('d') default('d',true) dictsort e first float int join join(',') last length
list lower map('string')|list max min reverse|list reverse replace('a','b') round round(1) select|list reject|list
select('odd')|list sort sort(reverse=true) string striptags sum title tojson trim truncate(5) truncate(5,true,'') unique|list
upper wordcount wordwrap(5) batch(2)|list slice(2)|list indent indent(2,true) format(1) groupby('age')|list items|list
map(attribute='name')|list map('length')|list map('upper')|list urlencode pprint filesizeformat xmlattr count
int(5) float(1.5) round(0,'ceil') round(1,'floor') sum(start=1) sort(attribute='name')|list center forceescape
selectattr('age')|list selectattr('age','gt',26)|map(attribute='name')|list string|length dictsort(by='value')""".split()
METHODS = """upper() lower() strip() split() split(',') title() join(['a','b']) replace('a','x') startswith('a') endswith('c')
find('b') count('a') isdigit() isalpha() zfill(5) center(7,'*') partition(',') splitlines() swapcase() capitalize() format(1,2)
get('a') get('z',0) keys()|list values()|list items()|list copy() index(1) count(1) append(1) pop() pop(0) extend([1]) insert(0,9)
remove(1) sort() reverse() update({'q':1}) setdefault('z',1) popitem() clear() lstrip('a') rstrip() rsplit(',',1) ljust(5) rjust(5)
encode() isupper() islower() istitle() isspace() expandtabs() casefold() union([3]) difference([1]) add(3) bit_length() is_integer()
removeprefix('a') removesuffix('c') isnumeric() isidentifier() rfind('l') rindex('l') union([1]) isdisjoint([5])""".split()


def expression(rng, depth):
    if depth <= 0 or rng.random() < 0.15:
        return rng.choice(ATOMS)
    kind = rng.random()
    inner = lambda: expression(rng, depth - 1)
    if kind < 0.22:
        operator = rng.choice(BINARY)
        if operator in ("is", "is not"):
            return f"({inner()}) {operator} {rng.choice(TESTS)}"
        return f"({inner()}) {operator} ({inner()})"
    if kind < 0.52:
        return f"({inner()})|{rng.choice(FILTERS)}"
    if kind < 0.72:
        return f"({inner()}).{rng.choice(METHODS)}"
    if kind < 0.78:
        return f"({inner()})[{rng.choice(['0', '-1', '1:', ':2', '::-1', chr(39) + 'a' + chr(39), '5', inner()])}]"
    if kind < 0.84:
        return f"({inner()} if {inner()} else {inner()})"
    if kind < 0.9:
        return f"[{inner()}, {inner()}]"
    if kind < 0.93:
        return "{'k': %s, 'j': %s}" % (inner(), inner())
    if kind < 0.96:
        return f"not ({inner()})"
    return f"'{rng.choice(['%s', '%d', '%r', '%5.2f', '%x', '%-5s|', '%05d'])}' % ({inner()})"


def statement(rng, depth):
    inner = lambda: "".join(statement(rng, depth - 1) for _ in range(rng.randint(1, 3))) if depth > 0 else text(rng)
    e = lambda d=2: expression(rng, d)
    dash = lambda: rng.choice(["", "", "-"])
    tag = lambda s: "{%" + dash() + " " + s + " " + dash() + "%}"
    kind = rng.random()
    name = rng.choice(["x", "y", "z", "s", "n"])
    if depth <= 0 or kind < 0.3:
        return rng.choice([text(rng), "{{" + dash() + " " + e() + " " + dash() + "}}", "{{ " + name + " }}"])
    if kind < 0.45:
        return tag(f"set {name} = {e()}")
    if kind < 0.6:
        middle = rng.choice(["", tag("else") + inner(), tag(f"elif {e(1)}") + inner() + tag("else") + inner()])
        return tag(f"if {e(1)}") + inner() + middle + tag("endif")
    if kind < 0.8:
        iterable = rng.choice(["numbers", "words", "[1,2,3]", "range(3)", "d", "'abc'", "[]", "users", e(1)])
        condition = rng.choice(["", "", f" if {rng.choice(['x != 1', 'x', 'not x', e(1)])}"])
        loop = rng.choice(["", "{{ loop.index }}", "{{ loop.last }}", "{{ loop.revindex }}", "{{ loop.cycle(1,2) }}", "{{ loop.previtem }}", "{{ loop.length }}", "{{ loop.changed(x) }}"])
        control = rng.choice(["", "", "", "{% if loop.index == 2 %}{% break %}{% endif %}", "{% if x == 1 %}{% continue %}{% endif %}"])
        other = rng.choice(["", tag("else") + inner()])
        return tag(f"for x in {iterable}{condition}") + control + loop + inner() + other + tag("endfor")
    if kind < 0.86:
        return tag(f"set {name}") + inner() + tag("endset")
    if kind < 0.9:
        return tag(f"with {name} = {e(1)}") + inner() + tag("endwith")
    if kind < 0.94:
        return tag(f"filter {rng.choice(['upper', 'trim', 'length', 'replace(1, 2)'])}") + inner() + tag("endfilter")
    macro = f"m{rng.randint(0, 3)}"
    parameters = rng.choice(["", "a", "a, b=1", "a=none, b=a"])
    arguments = rng.choice(["", "1", "1, 2", "a=5", e(1)])
    call = rng.choice([f"{{{{ dbt_macro__{macro}({arguments}) }}}}", f"{{% call dbt_macro__{macro}({arguments}) %}}" + inner() + "{% endcall %}"])
    body = inner() + rng.choice(["", "{{ a }}", "{{ varargs }}", "{{ kwargs }}", "{{ caller() if caller }}", "{{ x }}"])
    return f"{{% macro {macro}({parameters}) %}}" + body + "{% endmacro %}" + call


def text(rng):
    return rng.choice(["a", " ", "\n", "  b\n", ",", "{# c #}", "{#- c -#}", "select 1"])


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    rng = random.Random(seed)
    sources = []
    for at in range(count):
        if at % 2:
            sources.append("{{ " + expression(rng, 3) + " }}")
        else:
            sources.append("".join(statement(rng, 2) for _ in range(3)))
    done = subprocess.run([RENDER], input=json.dumps(sources), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    differ = 0
    for source, ours in zip(sources, json.loads(done.stdout)):
        theirs = render(RUN, source)
        plain = lambda text: re.sub(r"0x[0-9a-f]{6,}", "0x0", text)
        same = plain(theirs.get("text", "")) == plain(ours.get("text", "")) and ("text" in theirs) == ("text" in ours)
        if not same or theirs.get("message", "") != ours.get("message", "") and "--messages" in sys.argv:
            differ += 1
            print(repr(source), "\n  jinja2:", theirs, "\n  ours:  ", ours)
    print(f"seed {seed}: {differ} of {count} differ")


if __name__ == "__main__":
    main()

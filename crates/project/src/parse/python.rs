//! What a model in Python says of itself: its calls of `dbt.config`, `dbt.ref` and `dbt.source`.
//!
//! <https://docs.getdbt.com/docs/build/python-models>. The calls' arguments are literals in Python's notation, which is
//! also that of Jinja's expressions: put into a template, they are read like those of a model in SQL.

/// The calls as a template of their own.
pub fn template(code: &str) -> String {
    let mut template = String::new();
    let mut rest = code;
    while let Some(at) = next_call(rest) {
        rest = &rest[at + "dbt.".len()..];
        let Some(name) = ["config", "ref", "source"].into_iter().find(|name| called(rest, name)) else {
            continue;
        };
        let arguments = &rest[name.len()..];
        let Some(length) = closing(arguments) else { break };
        // `dbt.config.get(…)` asks, and says nothing.
        template.push_str(&format!("{{{{ {name}{} }}}}\n", &arguments[..length]));
        rest = &arguments[length..];
    }
    template
}

/// Where `dbt.` stands next, outside of texts and comments, as a name of its own.
fn next_call(code: &str) -> Option<usize> {
    let mut at = 0;
    let mut before = ' ';
    while let Some(letter) = code[at..].chars().next() {
        if let Some(length) = skipped(&code[at..]) {
            at += length;
            before = ' ';
            continue;
        }
        let is_name = before.is_alphanumeric() || before == '_' || before == '.';
        if !is_name && code[at..].starts_with("dbt.") {
            return Some(at);
        }
        before = letter;
        at += letter.len_utf8();
    }
    None
}

fn called(code: &str, name: &str) -> bool {
    code.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
}

/// The length of a parenthesis with all that is in it.
fn closing(code: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(letter) = code[at..].chars().next() {
        if let Some(length) = skipped(&code[at..]) {
            at += length;
            continue;
        }
        at += letter.len_utf8();
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The length of the text or comment that begins here.
fn skipped(code: &str) -> Option<usize> {
    if code.starts_with('#') {
        return Some(code.find('\n').unwrap_or(code.len()));
    }
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| code.starts_with(quote))?;
    let mut at = quote.len();
    while at < code.len() {
        let rest = &code[at..];
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        if quote.len() == 1 && rest.starts_with('\n') {
            return Some(at);
        }
        let letters = if rest.starts_with('\\') { 2 } else { 1 };
        at += rest.chars().take(letters).map(char::len_utf8).sum::<usize>();
    }
    Some(code.len())
}

#[cfg(test)]
mod tests {

    #[track_caller]
    fn check(code: &str, template: &str) {
        assert_eq!(super::template(code), template);
    }

    #[test]
    fn finds_calls() {
        check(
            "def model(dbt, session):\n    dbt.config(materialized='table', tags=['a'])\n    return dbt.ref(\"a\")\n",
            "{{ config(materialized='table', tags=['a']) }}\n{{ ref(\"a\") }}\n",
        );
        check(
            "x = dbt.source('raw', 'o(1)').filter(dbt.ref('p', 'b'))",
            "{{ source('raw', 'o(1)') }}\n{{ ref('p', 'b') }}\n",
        );
    }

    #[test]
    fn leaves_texts_comments_and_other_names_alone() {
        check(
            "# dbt.ref('a')\ns = \"dbt.ref('b')\"\n'''\ndbt.ref('c')\n'''\nmy_dbt.ref('d')\nx.dbt.ref('e')",
            "",
        );
        check("dbt.config.get('a'); dbt.this; dbt.reference('x'); 'it\\'s dbt.ref(1)'", "");
        check("dbt.ref('open", "");
    }
}

//! What a model in Python says of itself: its calls of `dbt.config`, `dbt.ref` and `dbt.source`.
//!
//! <https://docs.getdbt.com/docs/build/python-models>. The calls' arguments are literals in Python's notation, which is
//! also that of Jinja's expressions: put into a template, they are read like those of a model in SQL.

/// The calls as a template of their own.
pub fn template(code: &str) -> String {
    let mut template = String::new();
    let mut asked = Asked::default();
    let mut rest = code;
    while let Some(at) = next_call(rest) {
        rest = &rest[at + "dbt.".len()..];
        let names = ["config", "ref", "source", "config.get", "config.meta_get"];
        let Some(name) = names.into_iter().find(|name| called(rest, name)) else { continue };
        let arguments = &rest[name.len()..];
        let Some(length) = closing(arguments) else { break };
        match (name.split_once('.'), computed(&arguments[1..length - 1])) {
            (_, Some(word)) => template
                .push_str(&format!("{{{{ exceptions.raise_parsing_error({NOT_LITERAL:?} ~ '{word}') }}}}\n")),
            (Some((_, method)), _) => asked.note(method, &arguments[1..length - 1]),
            (None, _) => template.push_str(&format!("{{{{ {name}{} }}}}\n", &arguments[..length])),
        }
        rest = &arguments[length..];
    }
    template.push_str(&asked.template());
    template
}

const NOT_LITERAL: &str = "Error when trying to literal_eval an arg to dbt.ref(), dbt.source(), dbt.config() or \
                           dbt.config.get()\nIn a python model, these take only Python literal structures; this is a name: ";

/// The first name among arguments that isn't the name of one: what stands for itself can be read, no more.
fn computed(arguments: &str) -> Option<&str> {
    let mut at = 0;
    while let Some(letter) = arguments[at..].chars().next() {
        let rest = &arguments[at..];
        let length = rest.find(|it: char| !(it.is_alphanumeric() || it == '_')).unwrap_or(rest.len());
        if let Some(length) = skipped(rest) {
            at += length;
        } else if length == 0 {
            at += letter.len_utf8();
        } else {
            let (word, after) = rest.split_at(length);
            let is_keyword = after.trim_start().starts_with('=');
            let is_prefix =
                matches!(word, "r" | "R" | "b" | "B" | "u" | "U") && after.starts_with(['\'', '"']);
            let is_literal = matches!(word, "None" | "True" | "False") || letter.is_numeric();
            if !(is_keyword || is_prefix || is_literal) {
                return Some(word);
            }
            at += length;
        }
    }
    None
}

/// What a model asks of its configuration: dbt keeps the keys and the defaults beside them.
#[derive(Default)]
struct Asked<'a> {
    config: Vec<[&'a str; 2]>,
    meta: Vec<[&'a str; 2]>,
}

impl<'a> Asked<'a> {
    fn note(&mut self, method: &str, arguments: &'a str) {
        // A default by its name isn't noted.
        let is_named = |it: &str| it.trim_start().starts_with("default") && it.contains('=');
        let mut given = split(arguments).map(str::trim).filter(|it| !it.is_empty() && !is_named(it));
        let Some(key) = given.next() else { return };
        let keys = if method == "get" { &mut self.config } else { &mut self.meta };
        keys.push([key, given.next().unwrap_or("none")]);
    }

    fn template(&self) -> String {
        if self.config.is_empty() && self.meta.is_empty() {
            return String::new();
        }
        let list = |keys: &[[&str; 2]], at: usize| {
            format!("[{}]", keys.iter().map(|it| it[at]).collect::<Vec<_>>().join(", "))
        };
        format!(
            "{{{{ config(config_keys_used={}, config_keys_defaults={}, meta_keys_used={}, meta_keys_defaults={}) }}}}\n",
            list(&self.config, 0),
            list(&self.config, 1),
            list(&self.meta, 0),
            list(&self.meta, 1)
        )
    }
}

/// Arguments one by one, as they are written.
fn split(arguments: &str) -> impl Iterator<Item = &str> {
    let (mut at, mut depth) = (0, 0_usize);
    let mut commas = Vec::new();
    while let Some(letter) = arguments[at..].chars().next() {
        if let Some(length) = skipped(&arguments[at..]) {
            at += length;
            continue;
        }
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => commas.push(at),
            _ => {}
        }
        at += letter.len_utf8();
    }
    let starts = std::iter::once(0).chain(commas.clone().into_iter().map(|comma| comma + 1));
    let ends = commas.into_iter().chain([arguments.len()]);
    starts.zip(ends).map(|(start, end)| &arguments[start..end])
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
    fn notes_what_is_asked() {
        check(
            "dbt.config.get('a'); dbt.config.get(\"b\", [1, 2]); dbt.config.get('c', default=3); dbt.config.meta_get('d', None)",
            "{{ config(config_keys_used=['a', \"b\", 'c'], config_keys_defaults=[none, [1, 2], none], \
             meta_keys_used=['d'], meta_keys_defaults=[None]) }}\n",
        );
    }

    #[test]
    fn leaves_texts_comments_and_other_names_alone() {
        check(
            "# dbt.ref('a')\ns = \"dbt.ref('b')\"\n'''\ndbt.ref('c')\n'''\nmy_dbt.ref('d')\nx.dbt.ref('e')",
            "",
        );
        check("dbt.config.set('a'); dbt.this; dbt.reference('x'); 'it\\'s dbt.ref(1)'", "");
        check("dbt.ref('open", "");
    }
}

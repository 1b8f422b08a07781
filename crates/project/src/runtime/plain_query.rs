//! Queries that give the rows of one relation for which a condition holds, and nothing more than that.

/// Whether a condition means the same wherever it stands in parentheses: its quotes and parentheses end in it, it
/// has no comment and no query of its own.
pub(crate) fn stands_alone(condition: &str) -> bool {
    let mut depth = 0_usize;
    let Some(tokens) = tokens(condition) else { return false };
    for token in &tokens {
        match token {
            Token::Word(word) if word.eq_ignore_ascii_case("select") => return false,
            Token::Sign("(") => depth += 1,
            Token::Sign(")") => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0 && !tokens.is_empty()
}

/// The condition of `select <columns and literals> from <relation> where <condition>`; `None` for any other query.
/// Then the query gives as many rows as meet the condition.
pub(crate) fn condition<'a>(sql: &'a str, relation: &str) -> Option<&'a str> {
    let rest = after_word(sql.trim(), "select")?;
    // The list ends at the first `from` outside of quotes: it has no parentheses.
    let found = tokens(rest)?.into_iter().position(|it| it.is_word("from"))?;
    let list = &tokens(rest)?[..found];
    if !list.split(|token| *token == Token::Sign(",")).all(is_plain_item) {
        return None;
    }
    let from = rest.len() - tail(rest, found)?.len();
    let after = rest[from..].trim_start().strip_prefix(relation)?;
    let condition = after_word(after.starts_with(char::is_whitespace).then(|| after.trim_start())?, "where")?;
    stands_alone(condition).then(|| condition.trim())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Text(&'a str),
    Sign(&'a str),
}

impl Token<'_> {
    fn is_word(&self, wanted: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(wanted))
    }

    fn is_name(&self) -> bool {
        matches!(self, Self::Word(_) | Self::Quoted(_))
    }
}

/// A column, `*` or a literal, under another name or its own.
fn is_plain_item(item: &[Token<'_>]) -> bool {
    let item = match item {
        [rest @ .., word, name] if word.is_word("as") && name.is_name() => rest,
        whole => whole,
    };
    match item {
        [Token::Sign("*") | Token::Text(_) | Token::Quoted(_)] => true,
        [Token::Word(word)] => !["distinct", "all"].iter().any(|it| word.eq_ignore_ascii_case(it)),
        [table, Token::Sign("."), column] => {
            table.is_name() && (column.is_name() || *column == Token::Sign("*"))
        }
        _ => false,
    }
}

/// What follows a word at the start.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest =
        text.get(..word.len()).filter(|it| it.eq_ignore_ascii_case(word)).map(|_| &text[word.len()..])?;
    rest.starts_with(|next: char| next.is_whitespace() || next == '(' || next == '"').then_some(rest)
}

/// What follows the token of that number.
fn tail(text: &str, number: usize) -> Option<&str> {
    let mut rest = text;
    for _ in 0..=number {
        let (_, after) = next(rest)??;
        rest = after;
    }
    Some(rest)
}

/// All tokens; `None` where there is one that this reading does not know: comments, escapes, dollar quotes, several
/// statements.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((token, after)) = next(rest)? {
        found.push(token);
        rest = after;
    }
    Some(found)
}

/// The next token and what follows it; the outer `None` where it is not known, the inner at the end.
#[expect(clippy::option_option, reason = "no token, and none that is known, are two things")]
fn next(text: &str) -> Option<Option<(Token<'_>, &str)>> {
    let text = text.trim_start();
    let Some(first) = text.chars().next() else { return Some(None) };
    if text.starts_with("--") || text.starts_with("/*") || matches!(first, '\\' | ';' | '$' | '\0') {
        return None;
    }
    if matches!(first, '\'' | '"') {
        let end = closing(text, first)?;
        let (whole, after) = text.split_at(end);
        let token = if first == '"' { Token::Quoted(whole) } else { Token::Text(whole) };
        return Some(Some((token, after)));
    }
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    if is_letter(first) {
        let end = text.find(|letter| !is_letter(letter)).unwrap_or(text.len());
        let (word, after) = text.split_at(end);
        // `e'\''` and its like have rules of their own.
        return if after.starts_with(['\'', '$']) { None } else { Some(Some((Token::Word(word), after))) };
    }
    let (sign, after) = text.split_at(first.len_utf8());
    Some(Some((Token::Sign(sign), after)))
}

/// Where a quoted text ends; doubled quotes belong to it, backslashes are nothing for us.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        let end = at + text[at..].find([quote, '\\'])?;
        if text[end..].starts_with('\\') {
            return None;
        }
        if !text[end + 1..].starts_with(quote) {
            return Some(end + 1);
        }
        at = end + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_conditions_that_stand_alone() {
        for text in
            ["a > 1", "(a = ')') or b", "date_trunc('day', a) = \"b\"", "selected and a - 1 > 0", "a ~ '^x$'"]
        {
            assert!(stands_alone(text), "{text}");
        }
        for text in [
            "a > 1 -- b",
            "a) or (b",
            "a = 'x",
            "a in (select 1)",
            "a; b",
            "$$a$$",
            "/* a",
            "E'x'",
            "a = '\\'",
            "",
        ] {
            assert!(!stands_alone(text), "{text}");
        }
    }

    #[test]
    fn finds_the_condition_of_a_plain_query() {
        let check =
            |sql: &str, found: Option<&str>| assert_eq!(condition(sql, "\"s\".\"t\""), found, "{sql}");
        check("select a as value\nfrom \"s\".\"t\"\nwhere a > 1 and b\n", Some("a > 1 and b"));
        check("SELECT *, 'x' AS \"why\", t.b FROM \"s\".\"t\" Where(a or b)", Some("(a or b)"));
        for other in [
            "select distinct a from \"s\".\"t\" where a > 1",
            "select count(*) from \"s\".\"t\" where a > 1",
            "select unnest(a) from \"s\".\"t\" where true",
            "select a from \"s\".\"t\" as x where a > 1",
            "select a from \"s\".\"t\", other where a > 1",
            "select a from \"s\".\"t2\" where a > 1",
            "select a from \"s\".\"t\"",
            "select a from \"s\".\"t\" where a > (select 1)",
            "select a from \"s\".\"t\" where a > 1 -- why",
            "select a from \"s\".\"t\" where a > 1 union select 2",
            "select a + 1 from \"s\".\"t\" where a > 1",
            "with x as (select 1) select a from \"s\".\"t\" where a > 1",
        ] {
            check(other, None);
        }
    }
}

//! Words for a command line that a reader may copy.

/// A word that a shell takes as it is: bare where it can be, else in single quotes.
pub(crate) fn quoted(word: &str) -> String {
    let word = crate::plain::plain(word, 200);
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@+".contains(c);
    if !word.is_empty() && word.chars().all(is_bare) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("acme-5"), "acme-5");
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
        assert_eq!(quoted("-5"), "-5");
        assert_eq!(quoted("$(id)"), "'$(id)'");
    }
}

//! Text from outside, made fit for one line of a message.

/// Longest name that is shown.
pub(crate) const NAME: usize = 120;

/// One line: control characters and those that turn the direction of writing are gone, white space is
/// single, and what is longer than `max` characters ends in `…`.
pub(crate) fn plain(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = length > 0;
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if length + usize::from(gap) + 1 > max {
            while length + 1 > max {
                out.pop();
                length -= 1;
            }
            out.push('…');
            return out;
        }
        if gap {
            out.push(' ');
            length += 1;
            gap = false;
        }
        out.push(c);
        length += 1;
    }
    out
}

/// Several lines that keep their spaces, so that a mark below a word stays there; otherwise each as
/// [`plain`], at most `lines` of them.
pub(crate) fn plain_lines(text: &str, max: usize, lines: usize) -> Vec<String> {
    let mut kept: Vec<String> =
        text.lines().map(|line| spaced(line, max)).filter(|line| !line.is_empty()).collect();
    if kept.len() > lines {
        let more = kept.len() - lines;
        kept.truncate(lines);
        kept.push(format!("… and {more} more lines"));
    }
    kept
}

fn spaced(line: &str, max: usize) -> String {
    let line = line.replace('\t', "    ");
    let kept: String = line.trim_end().chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    if kept.chars().count() <= max { kept } else { kept.chars().take(max - 1).chain(['…']).collect() }
}

/// Marks of writing direction, joiners, byte order marks, soft hyphens, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_plain_line() {
        assert_eq!(plain("Acme\r\nBcc: all@example.com", 120), "Acme Bcc: all@example.com");
        assert_eq!(plain("  a\u{202e}b\u{7}\t\tc \u{0} ", 120), "ab c");
        assert_eq!(plain(&"x".repeat(10_000), 120).chars().count(), 120);
        assert_eq!(plain("abc def", 5), "abc …");
        assert_eq!(plain("abcde", 5), "abcde");
        assert_eq!(plain("", 5), "");
    }

    #[test]
    fn many_lines_are_folded() {
        assert_eq!(plain_lines("a\n\nb\nc", 10, 2), ["a", "b", "… and 1 more lines"]);
    }
}

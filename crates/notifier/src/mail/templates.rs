//! Templates: ours, or a project's own of the same name.
//!
//! HTML is escaped by the ending of the template's name. A template may do a bounded amount of work; an
//! undefined name is an error.

use crate::letter::{Kind, Letter};
use crate::{Error, Policy, Result};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const OURS: [(&str, &str); 2] = [
    ("letter.html", include_str!("../templates/letter.html")),
    ("letter.txt", include_str!("../templates/letter.txt")),
];
/// Instructions a template may run for one message.
const FUEL: u64 = 5_000_000;
/// Columns of plain text.
pub(crate) const WIDTH: usize = 72;

/// Draws letters.
#[derive(Debug)]
pub(crate) struct Templates {
    ours: Environment<'static>,
    theirs: Option<Environment<'static>>,
}

impl Templates {
    /// Our templates, and those of the policy's folder.
    pub fn read(policy: &Policy) -> Result<Self> {
        let ours = environment(&[])?;
        let Some(folder) = &policy.templates else { return Ok(Self { ours, theirs: None }) };
        let mut files = Vec::new();
        let entries = std::fs::read_dir(folder)
            .map_err(|source| Error::File { action: format!("read {}", folder.display()), source })?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if [".html", ".txt"].iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(entry.path()).map_err(|source| Error::File {
                    action: format!("read {}", entry.path().display()),
                    source,
                })?;
                files.push((name, text));
            }
        }
        files.sort();
        Ok(Self { ours, theirs: Some(environment(&files)?) })
    }

    /// The HTML and the plain text of a letter. A project's own template that fails on this one letter
    /// gives way to ours, so that no alert is lost over a template.
    pub fn draw(&self, letter: &Letter) -> Result<(String, String)> {
        if let Some(theirs) = &self.theirs
            && let (Ok(html), Ok(text)) = (render(theirs, letter, "html"), render(theirs, letter, "txt"))
        {
            return Ok((html, text));
        }
        Ok((render(&self.ours, letter, "html")?, render(&self.ours, letter, "txt")?))
    }

    /// Draws a letter with the project's own templates only: to find their faults before they matter.
    pub fn check(&self, letter: &Letter) -> Result<()> {
        let Some(theirs) = &self.theirs else { return Ok(()) };
        render(theirs, letter, "html").and_then(|_| render(theirs, letter, "txt")).map(|_| ())
    }
}

fn environment(files: &[(String, String)]) -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.add_filter("wrap", wrap);
    environment.add_filter("underline", |text: &str| "-".repeat(text.width().min(WIDTH)));
    environment.add_filter("figures", |figures: Value| figures_line(&figures));
    environment.add_filter("identity", |line: Value| identity(&line));
    environment.add_filter("movement", |line: Value| movement(&line));
    environment.add_filter("command", command);
    environment.add_filter("verbatim", verbatim);
    let ours = OURS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    for (name, text) in ours.chain(files.iter().cloned()) {
        let place = name.clone();
        environment.add_template_owned(name, text).map_err(|problem| broken(&place, &problem))?;
    }
    Ok(environment)
}

fn render(environment: &Environment<'static>, letter: &Letter, ending: &str) -> Result<String> {
    let own = format!("{}.{ending}", letter.kind.map_or("letter", Kind::as_str));
    let name = if environment.get_template(&own).is_ok() { own } else { format!("letter.{ending}") };
    let template = environment.get_template(&name).map_err(|problem| broken(&name, &problem))?;
    template.render(context! { letter => Serde(letter) }).map_err(|problem| broken(&name, &problem))
}

fn broken(name: &str, problem: &minijinja::Error) -> Error {
    let at = problem.line().map(|line| format!(":{line}")).unwrap_or_default();
    Error::Template { template: format!("{name}{at}"), problem: problem.to_string() }
}

/// Breaks a text into lines of at most `width` columns, each after `prefix`.
fn wrap(text: &str, width: usize, prefix: Option<&str>) -> String {
    let prefix = prefix.unwrap_or_default();
    let room = width.saturating_sub(prefix.width()).max(10);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for piece in pieces(word, room) {
            let last = lines.last().map_or(0, |line| line.width());
            let gap = usize::from(last > 0);
            match lines.last_mut() {
                Some(line) if last + gap + piece.width() <= room => {
                    line.push_str(&" ".repeat(gap));
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    // A bullet stands before the first line only.
    let rest = if prefix.trim_end().is_empty() || prefix.contains('|') {
        prefix.to_owned()
    } else {
        " ".repeat(prefix.width())
    };
    let indent = |index: usize| if index == 0 { prefix } else { rest.as_str() };
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| format!("{}{line}", indent(index)).trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// A word that is wider than a line, in pieces that are not.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut width = 0;
    for c in word.chars() {
        let columns = c.width().unwrap_or(0);
        if width + columns > room {
            pieces.push(String::new());
            width = 0;
        }
        width += columns;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

/// A line as it is, broken only where it is too long.
fn verbatim(text: &str, width: usize, prefix: &str) -> String {
    let room = width.saturating_sub(prefix.width()).max(10);
    let lines: Vec<String> = pieces(text, room).iter().map(|piece| format!("{prefix}{piece}")).collect();
    lines.join("\n")
}

/// A command in lines that a shell joins again.
fn command(text: &str, width: usize) -> String {
    let room = width.saturating_sub(8);
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
    lines.join(" \\\n")
}

/// A field of an object as text; `""` where there is none.
fn field(object: &Value, name: &str) -> String {
    object
        .get_attr(name)
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_none())
        .map(|value| value.to_string())
        .unwrap_or_default()
}

fn figures_line(figures: &Value) -> String {
    let Ok(figures) = figures.try_iter() else { return String::new() };
    figures
        .map(|figure| format!("{} {}", field(&figure, "value"), field(&figure, "name")))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `762041063260980198, alert 3`
fn identity(line: &Value) -> String {
    let (id, incident) = (field(line, "id"), field(line, "incident"));
    let alert = if incident.is_empty() { String::new() } else { format!("alert {incident}") };
    [id, alert].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `  100.00 -> 180.00 USD                                      up +80 %`
fn movement(line: &Value) -> String {
    let amounts = format!("  {} -> {} {}", field(line, "from"), field(line, "to"), field(line, "currency"));
    let amounts = amounts.trim_end();
    let change = format!("{} {}", field(line, "direction"), field(line, "change")).trim().to_owned();
    let gap = WIDTH.saturating_sub(amounts.width() + change.width());
    if gap < 2 {
        let change = wrap(&change, WIDTH, Some("  "));
        return format!("{}\n{change}", wrap(amounts.trim(), WIDTH, Some("  ")));
    }
    format!("{amounts}{}{change}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_by_what_is_seen() {
        assert_eq!(wrap("aaa bbb ccc ddd", 10, None), "aaa bbb\nccc ddd");
        assert_eq!(wrap("one two three four five", 12, Some("* ")), "* one two\n  three four\n  five");
        assert_eq!(wrap(&"字".repeat(8), 10, None), format!("{}\n{}", "字".repeat(5), "字".repeat(3)));
        assert_eq!(command("dp alerts explain acme", 26), "    dp alerts explain \\\n      acme");
    }
}

//! Upper and lower case, and the `is..` methods.

/// `str.capitalize`
pub(crate) fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => title_case(first) + &characters.as_str().to_lowercase(),
        None => String::new(),
    }
}

/// The title case of a character; only digraphs differ from upper case.
fn title_case(character: char) -> String {
    match character {
        'ß' => "Ss".to_owned(),
        'Ǆ' | 'ǅ' | 'ǆ' => "ǅ".to_owned(),
        'ﬁ' => "Fi".to_owned(),
        'ﬂ' => "Fl".to_owned(),
        other => other.to_uppercase().collect(),
    }
}

/// `str.swapcase`
pub(super) fn swap(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_uppercase() {
            out.extend(character.to_lowercase());
        } else {
            out.extend(character.to_uppercase());
        }
    }
    out
}

/// `str.title`: each run of letters starts upper and goes on lower.
pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            out.extend(character.to_lowercase());
        } else {
            out.push_str(&title_case(character));
        }
        inside = is_cased(character);
    }
    out
}

fn is_cased(character: char) -> bool {
    character.is_lowercase() || character.is_uppercase() || "ǅǈǋǲ".contains(character)
}

/// The methods `isalpha`, `isdigit`, ..
pub(crate) fn is(text: &str, name: &str) -> bool {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(|c| c.is_alphabetic() && !c.is_numeric()),
        "isascii" => text.is_ascii(),
        "isdecimal" => all(is_decimal),
        "isdigit" => all(|c| is_decimal(c) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".contains(c)),
        "isnumeric" => all(char::is_numeric),
        "isidentifier" => {
            let starts = |c: char| c == '_' || c.is_alphabetic();
            text.chars().next().is_some_and(starts) && text.chars().all(|c| c == '_' || c.is_alphanumeric())
        }
        "islower" => text.chars().any(is_cased) && !text.chars().any(char::is_uppercase),
        "isupper" => text.chars().any(is_cased) && !text.chars().any(char::is_lowercase),
        "isprintable" => text.chars().all(|c| c == ' ' || !(c.is_control() || c.is_whitespace())),
        "isspace" => all(crate::syntax::lexer::is_space),
        "istitle" => is_title(text),
        _ => false,
    }
}

fn is_decimal(character: char) -> bool {
    // The decimal digits of the scripts that Rust's `is_numeric` mixes with other numbers.
    const ZEROS: [char; 12] = ['0', '٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '๐', '０'];
    ZEROS.iter().any(|zero| (u32::from(*zero)..u32::from(*zero) + 10).contains(&u32::from(character)))
}

fn is_title(text: &str) -> bool {
    let mut inside = false;
    let mut found = false;
    for character in text.chars() {
        if character.is_uppercase() {
            if inside {
                return false;
            }
            (inside, found) = (true, true);
        } else if character.is_lowercase() {
            if !inside {
                return false;
            }
            found = true;
        } else {
            inside = false;
        }
    }
    found
}

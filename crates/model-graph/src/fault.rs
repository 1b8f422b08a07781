//! A fault of ours in the work on a node: it fails that node, and the run goes on.

use std::any::Any;

/// What a panic tells, for a node's message.
pub(crate) fn told(panic: &(dyn Any + Send)) -> String {
    let why = panic.downcast_ref::<String>().map(String::as_str);
    let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    format!("a fault in Data Platform: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_reason_whatever_it_was_given_as() {
        let panics: [Box<dyn Any + Send>; 3] = [Box::new("text"), Box::new("owned".to_owned()), Box::new(3)];
        let told: Vec<String> = panics.iter().map(|panic| told(&**panic)).collect();
        assert_eq!(
            told,
            [
                "a fault in Data Platform: text",
                "a fault in Data Platform: owned",
                "a fault in Data Platform: no reason given"
            ]
        );
    }
}

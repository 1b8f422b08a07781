//! Splits bytes into records and fields: RFC 4180 with every liberty named.
//!
//! A quote opens a field only as its first byte; inside, `""` is a quote. `\n`, `\r\n` and `\r` each end a
//! record outside of quotes. A quote later in an unquoted field is a character like any other. The scanner
//! decides nothing: it says what it saw ([`Form`]) and whoever reads the record judges.
//!
//! It resumes where it stopped when the bytes ran out, so a record may come in any number of pieces; a
//! record can be scanned to its end even after its first bytes were thrown away ([`Scanner::forget`]).

use memchr::{memchr, memchr2_iter, memchr3};

const QUOTE: u8 = b'"';
/// Fields of a record beyond these are counted and not kept; a table in Postgres has 1,600 columns at most.
const MOST_FIELDS: usize = 4096;

/// How a field was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Without quotes.
    Plain,
    /// In quotes, none inside.
    Quoted,
    /// In quotes, with doubled quotes inside.
    Doubled,
    /// In quotes, then text after the closing quote.
    Trailing,
}

/// A field's place in its record; quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte, from the record's start.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// How it was written.
    pub form: Form,
}

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Length without the line's end.
    pub body: usize,
    /// Length with it.
    pub whole: usize,
    /// The input ended inside quotes.
    pub unterminated: bool,
}

/// The delimiter: one character, of one byte nearly always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter {
    bytes: [u8; 4],
    length: usize,
}

impl Delimiter {
    /// A delimiter, unless the character has another meaning in CSV (a quote, a line's end, NUL).
    pub fn new(character: char) -> Option<Self> {
        if matches!(character, '"' | '\n' | '\r' | '\0') {
            return None;
        }
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Some(Self { bytes, length })
    }

    /// The byte that it is, unless it has several.
    pub fn byte(&self) -> Option<u8> {
        (self.length == 1).then_some(self.bytes[0])
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    /// Whether `bytes` begin with it; `None` where more bytes are needed to know.
    #[inline]
    fn begins(&self, bytes: &[u8]) -> Option<bool> {
        if self.length == 1 {
            return Some(bytes.first() == Some(&self.bytes[0]));
        }
        let known = bytes.len().min(self.length);
        if bytes[..known] != self.bytes[..known] {
            return Some(false);
        }
        (known == self.length).then_some(true)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a field's first byte.
    Begin,
    /// In an unquoted field, or after a closing quote's tail began.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: it closes the field or is doubled.
    Closing,
    /// After `\r` outside of quotes: `\n` may follow.
    Return,
}

/// The scanner's memory of the record it is in.
#[derive(Debug)]
pub struct Scanner {
    delimiter: Delimiter,
    state: State,
    at: usize,
    field: usize,
    form: Form,
    spans: Vec<Span>,
    fields: usize,
    lines: u64,
    after_return: bool,
    opening_line: u64,
    forgotten: u64,
}

impl Scanner {
    /// A scanner before its first record.
    pub fn new(delimiter: Delimiter) -> Self {
        Self {
            delimiter,
            state: State::Begin,
            at: 0,
            field: 0,
            form: Form::Plain,
            spans: Vec::new(),
            fields: 0,
            lines: 0,
            after_return: false,
            opening_line: 0,
            forgotten: 0,
        }
    }

    /// Begins the next record.
    #[inline]
    pub fn begin(&mut self) {
        self.state = State::Begin;
        self.at = 0;
        self.field = 0;
        self.form = Form::Plain;
        self.spans.clear();
        self.fields = 0;
        self.lines = 0;
        self.after_return = false;
        self.forgotten = 0;
    }

    /// Number of fields of the record.
    #[inline]
    pub fn fields(&self) -> usize {
        self.fields
    }

    /// The fields of the record, the first 4,096 of them; meaningless once bytes of it were forgotten.
    #[inline]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Line ends inside quotes so far.
    #[inline]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Line ends before the quote that was opened last.
    pub fn opening_line(&self) -> u64 {
        self.opening_line
    }

    /// Bytes of this record that were thrown away.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// The bytes scanned so far will not be shown again: the record is too long to be kept. A `\r` that may be half of
    /// its end will.
    ///
    /// Returns how many they are.
    pub fn forget(&mut self) -> usize {
        let kept = usize::from(matches!(self.state, State::Return));
        let seen = self.at - kept;
        self.at = kept;
        self.forgotten += seen as u64;
        self.field = 0;
        seen
    }

    /// Goes on through `bytes`, which begin where the record begins (or where it was forgotten); `last`
    /// where no more will come. `None` where more are needed.
    ///
    /// An empty slice with `last` is an empty record: the caller asks whether any input is left.
    pub fn scan(&mut self, bytes: &[u8], last: bool) -> Option<End> {
        loop {
            match self.state {
                State::Begin => {
                    self.field = self.at;
                    match bytes.get(self.at) {
                        Some(&QUOTE) => {
                            self.opening_line = self.lines;
                            self.form = Form::Quoted;
                            self.at += 1;
                            self.state = State::Quoted;
                        }
                        Some(_) => {
                            self.form = Form::Plain;
                            self.state = State::Plain;
                        }
                        None if last => {
                            self.form = Form::Plain;
                            return Some(self.close(bytes.len(), 0));
                        }
                        None => return None,
                    }
                }
                State::Plain => {
                    if let Some(done) = self.plain(bytes, last) {
                        return done;
                    }
                }
                State::Quoted => {
                    let Some(length) = memchr(QUOTE, &bytes[self.at..]) else {
                        self.count_lines(&bytes[self.at..]);
                        self.at = bytes.len();
                        if last {
                            let end = self.close(bytes.len(), 0);
                            return Some(End { unterminated: true, ..end });
                        }
                        return None;
                    };
                    self.count_lines(&bytes[self.at..self.at + length]);
                    self.after_return = false;
                    self.at += length + 1;
                    self.state = State::Closing;
                }
                State::Closing => match bytes.get(self.at) {
                    None if last => return Some(self.close(bytes.len(), 0)),
                    None => return None,
                    Some(&QUOTE) => {
                        self.form = Form::Doubled;
                        self.at += 1;
                        self.state = State::Quoted;
                    }
                    Some(b'\n' | b'\r') => self.state = State::Plain,
                    Some(_) => {
                        match self.delimiter.begins(&bytes[self.at..]) {
                            None if !last => return None,
                            Some(true) => {}
                            _ => self.form = Form::Trailing,
                        }
                        self.state = State::Plain;
                    }
                },
                State::Return => {
                    let body = self.at - 1;
                    return match bytes.get(self.at) {
                        Some(b'\n') => Some(End { body, whole: self.at + 1, unterminated: false }),
                        None if !last => None,
                        _ => Some(End { body, whole: self.at, unterminated: false }),
                    };
                }
            }
        }
    }

    /// Goes through unquoted fields as far as they follow each other; `None` to go on in another state.
    #[inline]
    #[expect(clippy::option_option, reason = "outer: leave the loop; inner: what `scan` returns")]
    fn plain(&mut self, bytes: &[u8], last: bool) -> Option<Option<End>> {
        let delimiter = self.delimiter.bytes[0];
        loop {
            let Some(length) = memchr3(delimiter, b'\n', b'\r', &bytes[self.at..]) else {
                self.at = bytes.len();
                return Some(last.then(|| self.close(bytes.len(), 0)));
            };
            let end = self.at + length;
            match bytes[end] {
                b'\n' => return Some(Some(self.close(end, 1))),
                b'\r' => {
                    self.push(end);
                    self.at = end + 1;
                    self.state = State::Return;
                    return None;
                }
                _ => match self.delimiter.begins(&bytes[end..]) {
                    Some(true) => {
                        self.push(end);
                        self.at = end + self.delimiter.length;
                        self.field = self.at;
                        self.form = Form::Plain;
                        // Most fields are followed by an unquoted one: stay here.
                        if bytes.get(self.at).is_none_or(|&byte| byte == QUOTE) {
                            self.state = State::Begin;
                            return None;
                        }
                    }
                    Some(false) => self.at = end + 1,
                    None if last => self.at = end + 1,
                    None => {
                        self.at = end;
                        return Some(None);
                    }
                },
            }
        }
    }

    #[inline]
    fn push(&mut self, end: usize) {
        self.fields += 1;
        if self.forgotten == 0 && self.fields <= MOST_FIELDS {
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            self.spans.push(Span { start: place(self.field), end: place(end), form: self.form });
        }
    }

    #[inline]
    fn close(&mut self, end: usize, terminator: usize) -> End {
        self.push(end);
        self.at = end + terminator;
        End { body: end, whole: end + terminator, unterminated: false }
    }

    /// Counts line ends between quotes; `\r\n` is one, in two pieces too.
    fn count_lines(&mut self, bytes: &[u8]) {
        for at in memchr2_iter(b'\n', b'\r', bytes) {
            let follows_return = if at == 0 { self.after_return } else { bytes[at - 1] == b'\r' };
            self.lines += u64::from(bytes[at] == b'\r' || !follows_return);
        }
        if let Some(byte) = bytes.last() {
            self.after_return = *byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text, each as its fields with their forms, read in pieces of `piece` bytes.
    fn scan(text: &str, delimiter: char, piece: usize) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut scanner = Scanner::new(Delimiter::new(delimiter).expect("a delimiter"));
        let (mut records, mut start) = (Vec::new(), 0);
        while start < bytes.len() {
            scanner.begin();
            let mut shown = (start + piece).min(bytes.len());
            let end = loop {
                if let Some(end) = scanner.scan(&bytes[start..shown], shown == bytes.len()) {
                    break end;
                }
                assert!(shown < bytes.len(), "asks for more at the end");
                shown = (shown + piece).min(bytes.len());
            };
            let mut line = String::new();
            for span in scanner.spans() {
                let raw = &text[start..][span.start as usize..span.end as usize];
                let mark = match span.form {
                    Form::Plain => "",
                    Form::Quoted => "q",
                    Form::Doubled => "d",
                    Form::Trailing => "t",
                };
                line += &format!("[{mark}{}]", raw.escape_debug());
            }
            if end.unterminated {
                line += &format!(" unterminated +{}", scanner.opening_line());
            }
            if scanner.lines() > 0 {
                line += &format!(" lines +{}", scanner.lines());
            }
            records.push(line);
            start += end.whole;
        }
        assert_eq!(start, bytes.len(), "every byte belongs to a record");
        records
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(scan(text, ',', piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn ends_records_at_any_line_end() {
        check("a,b\nc,d\r\ne\rf", &["[a][b]", "[c][d]", "[e]", "[f]"]);
        check("a\n\n\r\r\n,\n", &["[a]", "[]", "[]", "[]", "[][]"]);
        check("a,", &["[a][]"]);
    }

    #[test]
    fn keeps_delimiters_and_line_ends_in_quotes() {
        check("\"a,b\",\"c\nd\"\n", &[r#"[q\"a,b\"][q\"c\nd\"] lines +1"#]);
        check("\"a\r\nb\rc\r\r\n\"\r\nx", &[r#"[q\"a\r\nb\rc\r\r\n\"] lines +4"#, "[x]"]);
        check("\"a\"\"b\",\"\"\n", &[r#"[d\"a\"\"b\"][q\"\"]"#]);
        check("\"\"\"\"\n", &[r#"[d\"\"\"\"]"#]);
    }

    #[test]
    fn names_the_liberties() {
        check("5\" disk,x\"\n", &[r#"[5\" disk][x\"]"#]);
        check("\"10\"x,1\n", &[r#"[t\"10\"x][1]"#]);
        check("\"p\"q\"r\"\n2", &[r#"[t\"p\"q\"r\"]"#, "[2]"]);
        check("1,\"a\n2,b", &[r#"[1][q\"a\n2,b] unterminated +0 lines +1"#]);
        check("\"a\nb\",\"c", &[r#"[q\"a\nb\"][q\"c] unterminated +1 lines +1"#]);
        check(" \"x,y\"\n", &[r#"[ \"x][y\"]"#]);
    }

    #[test]
    fn takes_delimiters_of_several_bytes() {
        for piece in [1, 2, 3, 1000] {
            assert_eq!(scan("a§bÂ§\"c§\"§\"d\"x§\n", '§', piece), [r#"[a][bÂ][q\"c§\"][t\"d\"x][]"#]);
            assert_eq!(scan("é\"x\"ê", 'é', piece), [r#"[][t\"x\"ê]"#]);
        }
    }

    #[test]
    fn scans_on_after_forgetting() {
        let mut scanner = Scanner::new(Delimiter::new(',').expect("a delimiter"));
        scanner.begin();
        assert_eq!(scanner.scan(b"1,\"aaa", false), None);
        assert_eq!(scanner.forget(), 6);
        assert_eq!(scanner.scan(b"\n,aa", false), None);
        assert_eq!(scanner.forget(), 4);
        let end = scanner.scan(b"a\",2\nnext", false).expect("ends");
        assert_eq!((end.whole, end.unterminated, scanner.forgotten(), scanner.lines()), (5, false, 10, 1));
    }

    #[test]
    fn forgets_no_return_that_ends_the_record() {
        for (rest, whole) in [(&b"\rx"[..], 1), (b"\r\nx", 2)] {
            let mut scanner = Scanner::new(Delimiter::new(',').expect("a delimiter"));
            scanner.begin();
            assert_eq!(scanner.scan(b"1,aaa\r", false), None);
            assert_eq!(scanner.forget(), 5);
            let end = scanner.scan(rest, false).expect("ends");
            assert_eq!((end.body, end.whole, scanner.forgotten()), (0, whole, 5));
        }
    }
}

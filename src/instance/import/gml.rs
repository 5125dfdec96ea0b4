//! The syntax of GML (Graph Modelling Language): names with values, where a value is a number, a text or a list.
//!
//! Only the syntax stands here; what the names mean is up to the caller. Every entry knows its line.

use super::super::fault::Code;
use super::located::Located;
use std::borrow::Cow;

/// Deeper lists than this are refused: a graph needs three levels.
const DEEPEST: usize = 16;

/// One name with its value.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub key: &'t str,
    pub line: usize,
    pub value: Value<'t>,
}

/// What stands behind a name.
#[derive(Debug)]
pub(super) enum Value<'t> {
    Number(f64),
    Text(Cow<'t, str>),
    List(Vec<Entry<'t>>),
}

/// A sign or a word of the text.
enum Token<'t> {
    Open,
    Close,
    Text(&'t str),
    Word(&'t str),
}

/// Reads the whole text; what cannot be read is reported and left out.
pub(super) fn parse<'t>(text: &'t str, located: &mut Located) -> Vec<Entry<'t>> {
    let mut reader = Reader { lists: vec![Vec::new()], opened: Vec::new(), key: None };
    let mut tokens = Tokens { rest: text, line: 1 };
    while let Some((line, token)) = tokens.next(located) {
        if !reader.take(line, token, located) {
            return Vec::new();
        }
    }
    reader.finish(located)
}

/// The lists that are open, the outermost first, and the name that waits for its value.
struct Reader<'t> {
    lists: Vec<Vec<Entry<'t>>>,
    opened: Vec<(&'t str, usize)>,
    key: Option<(&'t str, usize)>,
}

impl<'t> Reader<'t> {
    /// Takes one token; false if the reading must end.
    fn take(&mut self, line: usize, token: Token<'t>, located: &mut Located) -> bool {
        match (self.key.take(), token) {
            (None, Token::Word(word)) if word.starts_with(|c: char| c.is_alphabetic()) => self.key = Some((word, line)),
            (None, Token::Word(word) | Token::Text(word)) => {
                located.fault(line, Code::Syntax, format!("{word:?} is a value without a name"), "write a name before it");
            }
            (None, Token::Open) => {
                located.fault(line, Code::Syntax, "a list without a name", "write a name before the bracket");
                return self.open(("", line), located);
            }
            (Some(key), Token::Open) => return self.open(key, located),
            (key, Token::Close) => {
                self.valueless(key, located);
                self.close(line, located);
            }
            (Some((key, at)), Token::Text(text)) => self.push(key, at, Value::Text(unescaped(text))),
            (Some((key, at)), Token::Word(word)) => match word.parse::<f64>() {
                Ok(number) if number.is_finite() => self.push(key, at, Value::Number(number)),
                _ if word.starts_with(|c: char| c.is_alphabetic()) => {
                    self.valueless(Some((key, at)), located);
                    self.key = Some((word, line));
                }
                _ => {
                    let what = format!("{word:?}, the value of {key}, is no number");
                    located.fault(line, Code::WrongType, what, "write a number, or a text in quotes");
                }
            },
        }
        true
    }

    fn push(&mut self, key: &'t str, line: usize, value: Value<'t>) {
        if let Some(list) = self.lists.last_mut() {
            list.push(Entry { key, line, value });
        }
    }

    fn open(&mut self, key: (&'t str, usize), located: &mut Located) -> bool {
        self.opened.push(key);
        self.lists.push(Vec::new());
        if self.opened.len() > DEEPEST {
            let what = format!("lists stand more than {DEEPEST} deep; reading ends here");
            located.fault(key.1, Code::Syntax, what, "close the lists before");
        }
        self.opened.len() <= DEEPEST
    }

    fn close(&mut self, line: usize, located: &mut Located) {
        match self.opened.pop() {
            Some((key, at)) => {
                let list = self.lists.pop().unwrap_or_default();
                self.push(key, at, Value::List(list));
            }
            None => located.fault(line, Code::Syntax, "a bracket closes what was never opened", "remove it"),
        }
    }

    fn valueless(&self, key: Option<(&str, usize)>, located: &mut Located) {
        if let Some((key, line)) = key {
            located.fault(line, Code::Syntax, format!("{key:?} has no value"), "write one, or remove the name");
        }
    }

    fn finish(mut self, located: &mut Located) -> Vec<Entry<'t>> {
        self.valueless(self.key, located);
        while let Some((key, at)) = self.opened.last().copied() {
            located.fault(at, Code::Syntax, format!("the list {key:?} is never closed"), "write ] at its end");
            self.close(at, located);
        }
        self.lists.pop().unwrap_or_default()
    }
}

struct Tokens<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Tokens<'t> {
    /// The next token and the line it begins at.
    fn next(&mut self, located: &mut Located) -> Option<(usize, Token<'t>)> {
        self.skip_blanks();
        let line = self.line;
        let token = match self.rest.chars().next()? {
            '[' => (Token::Open, 1),
            ']' => (Token::Close, 1),
            '"' => match self.rest[1..].find('"') {
                Some(length) => (Token::Text(&self.rest[1..1 + length]), length + 2),
                None => {
                    located.fault(line, Code::Syntax, "a text whose quotes are never closed", "write \" at its end");
                    (Token::Text(&self.rest[1..]), self.rest.len())
                }
            },
            _ => {
                let ends = |c: char| c.is_whitespace() || ['[', ']', '"'].contains(&c);
                let length = self.rest.find(ends).unwrap_or(self.rest.len());
                (Token::Word(&self.rest[..length]), length)
            }
        };
        self.advance(token.1);
        Some((line, token.0))
    }

    /// Past white space and comments, which run from # to the end of the line.
    fn skip_blanks(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.advance(blank);
            if !self.rest.starts_with('#') {
                return;
            }
            self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    fn advance(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
    }
}

/// GML writes signs outside of ASCII as `&#233;`, and five by name.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let sign = rest.find(';').and_then(|end| Some((sign(&rest[1..end])?, end + 1)));
        let (sign, length) = sign.unwrap_or(('&', 1));
        plain.push(sign);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn sign(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "lt" => Some('<'),
        "gt" => Some('>'),
        _ => name.strip_prefix('#').and_then(|digits| digits.parse().ok()).and_then(char::from_u32),
    }
}

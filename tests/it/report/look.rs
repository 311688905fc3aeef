//! Reading what a report wrote: tags, texts, places of words.

use stakewright::report::{Findings, render};

pub fn files(findings: &Findings) -> Vec<(String, Vec<u8>)> {
    render(findings)
}

pub fn file(files: &[(String, Vec<u8>)], path: &str) -> String {
    let (_, bytes) = files
        .iter()
        .find(|(found, _)| found == path)
        .unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(bytes.clone()).unwrap()
}

/// Tags open and close in order, attributes are quoted, and no bare `&` or `<` stands in a text.
pub fn well_formed(document: &str) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let in_style = open.last().is_some_and(|tag| tag == "style");
        let text = &rest[..at];
        if !in_style {
            for after in text.split('&').skip(1) {
                let entity = after.split(';').next().unwrap_or("");
                if entity.len() > 7 || !after.contains(';') {
                    return Err(format!("a bare & in {text:?}"));
                }
            }
        }
        rest = &rest[at + 1..];
        let end = tag_end(rest).ok_or_else(|| format!("a tag without an end: {}", head(rest)))?;
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(expected) if expected == name => {}
                other => return Err(format!("</{name}> closes {other:?}")),
            }
            continue;
        }
        let name = tag.split([' ', '\n', '/']).next().unwrap_or("");
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("not a tag: <{}", head(tag)));
        }
        if !tag.ends_with('/') && !matches!(name, "meta" | "br") {
            open.push(name.to_owned());
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(format!("never closed: {open:?}"))
    }
}

fn tag_end(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn head(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The text a reader sees: no tags, no style, entities resolved, no-break spaces as spaces.
pub fn plain_text(document: &str) -> String {
    let mut out = String::new();
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        out += &rest[..at];
        rest = &rest[at..];
        let name: String = rest[1..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let end = if name == "style" {
            rest.find("</style>").map(|end| end + 7)
        } else {
            rest.find('>')
        };
        rest = &rest[end.unwrap_or(rest.len() - 1) + 1..];
        out.push(' ');
    }
    out += rest;
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&apos;", "'"),
        ("\u{a0}", " "),
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, character);
    }
    out
}

/// Without white space: a terminal breaks lines where a page does not.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Columns of a line of a terminal; Chinese characters take two.
pub fn columns(line: &str) -> usize {
    line.chars()
        .map(|c| {
            if (0x2E80..0xA4D0).contains(&u32::from(c)) {
                2
            } else {
                1
            }
        })
        .sum()
}

/// A text of a figure and the box it covers, in pixels.
#[derive(Debug)]
pub struct Placed {
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Placed {
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Size of a figure and its words.
pub fn svg_texts(svg: &str) -> ((f64, f64), Vec<Placed>) {
    let number = |text: &str, name: &str| -> f64 {
        let (_, rest) = text
            .split_once(&format!(" {name}=\""))
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let units: Vec<f64> = svg
        .split("viewBox=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let size = (number(svg, "width"), number(svg, "height"));
    let scale = units[2] / size.0;
    let texts = svg
        .split("<text ")
        .skip(1)
        .map(|rest| {
            let (attributes, rest) = rest.split_once('>').unwrap();
            let attributes = format!(" {attributes}");
            let text = plain_text(rest.split("</text>").next().unwrap())
                .trim()
                .to_owned();
            let height = number(&attributes, "font-size") / scale;
            let (x, y) = (
                number(&attributes, "x") / scale,
                number(&attributes, "y") / scale,
            );
            let width = text
                .chars()
                .map(|c| if u32::from(c) >= 0x1100 { 1.0 } else { 0.52 })
                .sum::<f64>()
                * height;
            let left = match attributes
                .split("text-anchor=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
            {
                "start" => x,
                "middle" => x - width / 2.0,
                _ => x - width,
            };
            Placed {
                text,
                left,
                right: left + width,
                top: y - height * 0.45,
                bottom: y + height * 0.45,
            }
        })
        .collect();
    (size, texts)
}

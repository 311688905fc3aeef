//! Shapes and words on one SVG, drawn by plotters, in pixels of the figure.
//!
//! plotters counts in whole pixels and knows no themes. So the canvas draws at four times the size
//! (a quarter of a pixel is fine enough), and paints with stand-in colours that [`draw`] turns into
//! the palette's colour and a class that a style sheet can override for a dark page.

use super::palette::{Dash, Ink};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Canvas units for a pixel.
const SCALE: f64 = 4.0;
/// Fonts that are on every machine; the widths of all are close.
const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// Which end of the text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub size: f64,
    pub ink: Ink,
    pub weight: Weight,
}

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Normal,
    Bold,
}

/// A box in pixels: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn inside(&self, other: &Self) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// One figure being drawn.
pub(super) struct Canvas<'a> {
    area: Area<'a>,
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    taken: Vec<Frame>,
}

/// Draws a figure and returns its SVG.
pub(super) fn draw(
    id: &str,
    size: (f64, f64),
    title: &str,
    description: &str,
    paint: impl FnOnce(&mut Canvas),
) -> Drawing {
    let mut svg = String::new();
    {
        let units = (units(size.0) as u32, units(size.1) as u32);
        let area = SVGBackend::with_string(&mut svg, units).into_drawing_area();
        let mut canvas = Canvas {
            area,
            width: size.0,
            height: size.1,
            taken: Vec::new(),
        };
        paint(&mut canvas);
        canvas
            .area
            .present()
            .expect("writing into a string cannot fail");
    }
    let body = svg.split_once(">\n").map_or("", |(_, body)| body);
    let body = body
        .lines()
        .map(|line| super::palette::recolour(line).replace(" opacity=\"1\"", "") + "\n");
    Drawing {
        id: id.to_owned(),
        size,
        title: escape(title),
        description: escape(description),
        body: body.collect(),
    }
}

/// A finished figure that can be framed for a page or for a file.
pub(super) struct Drawing {
    id: String,
    size: (f64, f64),
    title: String,
    description: String,
    body: String,
}

impl Drawing {
    /// For a page that brings its own paper and style.
    pub fn inline(&self) -> String {
        self.framed(0.0, "")
    }

    /// For a file of its own: on white paper with a margin, whatever stands around it.
    pub fn file(&self) -> String {
        const MARGIN: f64 = 14.0;
        let corner = units(-MARGIN);
        let style = super::palette::style(super::palette::Page::Light);
        let paper = format!(
            "<style>{style}</style>\n<rect x=\"{corner}\" y=\"{corner}\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        self.framed(MARGIN, &paper)
    }

    fn framed(&self, margin: f64, paper: &str) -> String {
        let Self {
            id,
            size,
            title,
            description,
            body,
        } = self;
        let (width, height) = (size.0 + 2.0 * margin, size.1 + 2.0 * margin);
        let corner = units(-margin);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{corner} {corner} {} {}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n{paper}{body}",
            units(width),
            units(height),
        )
    }
}

impl<'s> Canvas<'s> {
    /// A line through points.
    pub fn line(&mut self, points: &[(f64, f64)], ink: Ink, dash: Dash, width: f64) {
        if points.len() > 1 {
            let style = ShapeStyle {
                color: ink.stand_in(dash),
                filled: false,
                stroke_width: units(width) as u32,
            };
            self.put(&PathElement::new(coordinates(points), style));
        }
    }

    /// A filled area inside points.
    pub fn area(&mut self, points: &[(f64, f64)], ink: Ink, opacity: f64) {
        if points.len() > 2 {
            self.put(&Polygon::new(coordinates(points), fill(ink, opacity)));
        }
    }

    /// A filled rectangle.
    pub fn rectangle(&mut self, frame: Frame, ink: Ink, opacity: f64) {
        let corners = [
            (units(frame.left), units(frame.top)),
            (units(frame.right), units(frame.bottom)),
        ];
        self.put(&Rectangle::new(corners, fill(ink, opacity)));
    }

    /// A filled dot with a rim in the colour of the paper.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        let centre = (units(at.0), units(at.1));
        self.put(&Circle::new(
            centre,
            units(radius + 1.5),
            fill(Ink::Paper, 1.0),
        ));
        self.put(&Circle::new(centre, units(radius), fill(ink, 1.0)));
    }

    /// Text whose middle line is at the height of the point.
    pub fn text(&mut self, text: &str, at: (f64, f64), anchor: Anchor, kind: Type) {
        if text.is_empty() {
            return;
        }
        let style = match kind.weight {
            Weight::Normal => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let position = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // plotters divides the size by 1.24 on its way into the SVG.
        let font = FontDesc::new(FontFamily::Name(FONTS), kind.size * SCALE * 1.24, style)
            .color(&kind.ink.stand_in(Dash::Solid))
            .pos(Pos::new(position, VPos::Center));
        self.put(&Text::new(
            printable(text),
            (units(at.0), units(at.1)),
            font,
        ));
        self.taken.push(text_frame(text, at, anchor, kind.size));
    }

    /// Text at the first of the places that is inside `within` and free; at none if all are taken.
    pub fn place(
        &mut self,
        text: &str,
        places: &[((f64, f64), Anchor)],
        kind: Type,
        within: Frame,
    ) {
        let free = places.iter().find(|(at, anchor)| {
            let frame = text_frame(text, *at, *anchor, kind.size);
            frame.inside(&within) && !self.taken.iter().any(|other| other.overlaps(&frame))
        });
        if let Some((at, anchor)) = free {
            self.text(text, *at, *anchor, kind);
        }
    }

    /// Keeps later placed texts out of a box.
    pub fn reserve(&mut self, frame: Frame) {
        self.taken.push(frame);
    }

    /// A line that later placed texts keep off.
    pub fn curve(&mut self, points: &[(f64, f64)], ink: Ink, dash: Dash, width: f64) {
        self.line(points, ink, dash, width);
        self.reserve_line(points);
    }

    fn reserve_line(&mut self, points: &[(f64, f64)]) {
        const STEP: f64 = 6.0;
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let steps = ((x1 - x0).hypot(y1 - y0) / STEP).ceil().clamp(1.0, 500.0) as u32;
            for step in 0..=steps {
                let share = f64::from(step) / f64::from(steps);
                let (x, y) = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
                self.reserve(Frame {
                    left: x - 2.0,
                    top: y - 2.0,
                    right: x + 2.0,
                    bottom: y + 2.0,
                });
            }
        }
    }

    fn put<'b, E>(&mut self, element: &'b E)
    where
        &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'s>>,
    {
        self.area
            .draw(element)
            .expect("writing into a string cannot fail");
    }
}

/// Places for a text beside a point, the best first.
pub(super) fn around(at: (f64, f64)) -> Vec<((f64, f64), Anchor)> {
    let mut places = Vec::new();
    for away in [1.0, 1.8, 2.8] {
        let (right, left) = (at.0 + 12.0 * away, at.0 - 12.0 * away);
        let (above, below) = (at.1 - 15.0 * away, at.1 + 16.0 * away);
        places.extend([
            ((right, above), Anchor::Start),
            ((left, below), Anchor::End),
            ((left, above), Anchor::End),
            ((right, below), Anchor::Start),
        ]);
    }
    places
}

/// Estimated width of a text in pixels; a little generous, so that boxes do not touch.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let ems: f64 =
        text.chars()
            .map(|character| match character {
                'i' | 'j' | 'l' | '.' | ',' | ' ' | '\'' | '|' | ':' | ';' | '!' | 'I' | '('
                | ')' => 0.32,
                'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '…' => 0.9,
                '<' | '>' | '=' | '+' | '~' | '&' | '×' | '→' | '#' => 0.82,
                'A'..='Z' => 0.68,
                _ if u32::from(character) >= 0x1100 => 1.05,
                _ => 0.57,
            })
            .sum();
    ems * size
}

/// The text, cut with "…" where it is wider than the room.
pub(super) fn fit(text: &str, room: f64, size: f64) -> String {
    if text_width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if text_width(&kept, size) + text_width("…", size) > room {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

fn text_frame(text: &str, at: (f64, f64), anchor: Anchor, size: f64) -> Frame {
    let width = text_width(text, size);
    let left = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    Frame {
        left: left - 2.0,
        top: at.1 - size * 0.62,
        right: left + width + 2.0,
        bottom: at.1 + size * 0.62,
    }
}

fn fill(ink: Ink, opacity: f64) -> ShapeStyle {
    ShapeStyle {
        color: ink.stand_in(Dash::Solid).mix(opacity),
        filled: true,
        stroke_width: 0,
    }
}

fn coordinates(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points
        .iter()
        .map(|point| (units(point.0), units(point.1)))
        .collect()
}

/// Canvas units, kept inside what an SVG reader takes.
fn units(pixels: f64) -> i32 {
    (pixels * SCALE).round().clamp(-1e6, 1e6) as i32
}

/// XML cannot hold most control characters, not even escaped.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Text for XML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Type = Type {
        size: 14.0,
        ink: Ink::Text,
        weight: Weight::Normal,
    };

    #[test]
    fn a_figure_names_itself_and_escapes_what_it_was_given() {
        let svg = draw("f", (100.0, 50.0), "a <b> & c", "it's", |canvas| {
            canvas.text("x < \"y\" & z", (10.0, 10.0), Anchor::Start, KIND);
        })
        .inline();
        assert!(
            svg.contains("<title id=\"f-title\">a &lt;b&gt; &amp; c</title>"),
            "{svg}"
        );
        assert!(svg.contains("<desc id=\"f-desc\">it&#39;s</desc>"), "{svg}");
        assert!(svg.contains("x &lt; &quot;y&quot; &amp; z"), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"), "{svg}");
    }

    #[test]
    fn stand_in_colours_do_not_leave_the_canvas() {
        let svg = draw("f", (100.0, 50.0), "t", "d", |canvas| {
            canvas.line(&[(0.0, 0.0), (9.0, 9.0)], Ink::Cost, Dash::Dashed, 2.0);
            canvas.dot((5.0, 5.0), 3.0, Ink::Chosen);
        })
        .inline();
        assert!(!svg.contains("#01"), "{svg}");
        assert!(svg.contains("stroke-dasharray"), "{svg}");
    }

    #[test]
    fn a_placed_text_never_covers_another() {
        let within = Frame {
            left: 0.0,
            top: 0.0,
            right: 200.0,
            bottom: 100.0,
        };
        let svg = draw("f", (200.0, 100.0), "t", "d", |canvas| {
            let places = [
                ((100.0, 50.0), Anchor::Middle),
                ((100.0, 80.0), Anchor::Middle),
            ];
            for text in ["first", "second", "third"] {
                canvas.place(text, &places, KIND, within);
            }
        })
        .inline();
        assert!(
            svg.contains("first") && svg.contains("second") && !svg.contains("third"),
            "{svg}"
        );
    }

    #[test]
    fn a_long_text_is_cut_to_its_room() {
        let cut = fit("a very long name of an operator", 80.0, 14.0);
        assert!(
            cut.ends_with('…') && text_width(&cut, 14.0) <= 80.0,
            "{cut}"
        );
        assert_eq!(fit("short", 80.0, 14.0), "short");
    }
}

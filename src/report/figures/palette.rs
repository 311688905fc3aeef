//! Few colours that a colour-blind reader and a grey printer can tell apart (Okabe and Ito, 2008),
//! each with a class so that a dark page can change it.

use plotters::style::RGBAColor;

/// What a mark means; the colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Words and axes.
    Text,
    /// Secondary words.
    Muted,
    /// Lines of the grid.
    Grid,
    /// The page.
    Paper,
    /// Cost of corruption, and what protects.
    Cost,
    /// Profit from corruption, and what threatens.
    Profit,
    /// The recommended point.
    Chosen,
    /// A third thing.
    Third,
    /// A fourth thing.
    Fourth,
    /// A fifth thing.
    Fifth,
    /// Words on a coloured bar; without a halo.
    OnColour,
}

/// All inks with their colour on a white and on a dark page.
const INKS: [(Ink, &str, &str); 11] = [
    (Ink::Text, "#1f2328", "#e6e8ea"),
    (Ink::Muted, "#59636e", "#a2abb5"),
    (Ink::Grid, "#d8dde2", "#343b43"),
    (Ink::Paper, "#ffffff", "#14181c"),
    (Ink::Cost, "#0072b2", "#56b4e9"),
    (Ink::Profit, "#d55e00", "#f28e43"),
    (Ink::Chosen, "#000000", "#ffffff"),
    (Ink::Third, "#009e73", "#2fc79a"),
    (Ink::Fourth, "#cc79a7", "#e09cc2"),
    (Ink::Fifth, "#e69f00", "#e6b84d"),
    (Ink::OnColour, "#000000", "#000000"),
];

/// How a line is broken: colour alone must not carry a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

impl Ink {
    /// A colour that no figure uses, standing for the ink until the SVG is finished.
    pub fn stand_in(self, dash: Dash) -> RGBAColor {
        RGBAColor(1, self as u8, dash as u8, 1.0)
    }
}

/// One line of SVG with stand-in colours replaced by colour, class and dash.
pub(super) fn recolour(line: &str) -> String {
    let found = ["fill=\"#01", "stroke=\"#01"]
        .iter()
        .find_map(|name| Some(line.find(name)? + name.len() - 4));
    let Some(at) = found else {
        return line.to_owned();
    };
    let code = |from: usize| {
        line.get(from..from + 2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
    };
    let (Some(index), Some(dash)) = (code(at + 4), code(at + 6)) else {
        return line.to_owned();
    };
    let index = usize::from(index);
    let (Some((_, light, _)), Some(rest)) = (INKS.get(index), line.get(at + 9..)) else {
        return line.to_owned();
    };
    let class = if line[..at].ends_with("fill=") {
        'f'
    } else {
        's'
    };
    let dashes = match dash {
        1 => " stroke-dasharray=\"28 18\"",
        2 => " stroke-dasharray=\"6 14\"",
        _ => "",
    };
    format!(
        "{}\"{light}\" class=\"{class}{index}\"{dashes}{}",
        &line[..at],
        rest
    )
}

/// The style sheet of a figure: the halo of its words, and the colours of a page.
pub(in crate::report) fn style(page: Page) -> String {
    let mut out = String::new();
    for (ink, light, dark) in INKS {
        let colour = match page {
            Page::Light => light,
            Page::Dark => dark,
        };
        let index = ink as u8;
        out += &format!(".f{index}{{fill:{colour}}}.s{index}{{stroke:{colour}}}");
    }
    let paper = match page {
        Page::Light => INKS[Ink::Paper as usize].1,
        Page::Dark => INKS[Ink::Paper as usize].2,
    };
    out + &format!(
        "svg text{{paint-order:stroke;stroke:{paper};stroke-width:14px;stroke-linejoin:round}}svg text.f{}{{stroke:none}}",
        Ink::OnColour as u8
    )
}

/// Brightness of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Page {
    Light,
    Dark,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_inks() {
        for (index, (ink, _, _)) in INKS.iter().enumerate() {
            assert_eq!(*ink as usize, index);
        }
    }

    #[test]
    fn a_stand_in_becomes_colour_class_and_dash() {
        assert_eq!(
            recolour("<line stroke=\"#010501\" x1=\"0\"/>"),
            "<line stroke=\"#d55e00\" class=\"s5\" stroke-dasharray=\"28 18\" x1=\"0\"/>"
        );
        assert_eq!(
            recolour("<rect stroke=\"none\" fill=\"#010400\"/>"),
            "<rect stroke=\"none\" fill=\"#0072b2\" class=\"f4\"/>"
        );
        assert_eq!(
            recolour("a \"#01\" in a text"),
            "a \"#01\" in a text".to_owned()
        );
    }
}

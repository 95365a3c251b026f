//! One mark per value across a page: colour, shape and dash together, so that colour is never the only carrier.
//!
//! Knows names and their order only; must not know what the colours look like.

use std::collections::BTreeMap;

/// How many distinct colours there are; marks beyond combine them with other shapes and dashes.
pub const COLOURS: u8 = 8;
const SHAPES: [Shape; 8] = [
    Shape::Circle,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Cross,
    Shape::TriangleDown,
    Shape::Plus,
    Shape::Ring,
];
const DASHES: u8 = 6;

/// How a thing is told from others: the same on every chart of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark(u16);

impl Mark {
    /// The mark with this number; any eight in a row from a multiple of eight differ in colour and in shape.
    pub fn new(index: usize) -> Self {
        Self((index % (COLOURS as usize * SHAPES.len())) as u16)
    }

    /// Which of the palette's colours.
    pub fn colour(self) -> u8 {
        (self.0 % u16::from(COLOURS)) as u8
    }

    /// The marker's shape.
    pub fn shape(self) -> Shape {
        let round = self.0 / u16::from(COLOURS);
        SHAPES[(self.0 + round) as usize % SHAPES.len()]
    }

    /// The line's dash, 0 being solid.
    pub fn dash(self) -> u8 {
        let round = self.0 / u16::from(COLOURS);
        ((self.0 + round) % u16::from(DASHES)) as u8
    }
}

/// The form of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A filled circle.
    Circle,
    /// A filled square.
    Square,
    /// A filled triangle, tip up.
    Triangle,
    /// A filled square on its tip.
    Diamond,
    /// Two crossed strokes, ×.
    Cross,
    /// A filled triangle, tip down.
    TriangleDown,
    /// Two crossed strokes, +.
    Plus,
    /// An open circle.
    Ring,
}

/// Which mark each value of a page has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    marks: BTreeMap<String, Mark>,
}

impl Palette {
    /// Marks by first appearance: the same names in the same order have the same marks, and a name that is appended
    /// changes none before it.
    pub fn assign<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut marks = BTreeMap::new();
        for name in names {
            let next = Mark::new(marks.len());
            marks.entry(name.as_ref().to_owned()).or_insert(next);
        }
        Self { marks }
    }

    /// These marks for these names; of equal names the last counts.
    pub fn of(marks: impl IntoIterator<Item = (String, Mark)>) -> Self {
        Self {
            marks: marks.into_iter().collect(),
        }
    }

    /// The mark of `name`; the first mark for a name that was never assigned.
    pub fn mark(&self, name: &str) -> Mark {
        self.marks.get(name).copied().unwrap_or_default()
    }

    /// Name and mark together.
    pub fn category(&self, name: &str) -> super::Category {
        super::Category {
            name: name.to_owned(),
            mark: self.mark(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_mark_when_others_are_appended() {
        let few = Palette::assign(["none", "lz4"]);
        let more = Palette::assign(["none", "lz4", "zstd", "lz4"]);
        assert_eq!(few.mark("lz4"), more.mark("lz4"));
        assert_ne!(more.mark("none"), more.mark("zstd"));
    }

    #[test]
    fn sixty_four_marks_are_distinct_without_their_colour_in_groups_of_eight() {
        for start in (0..64).step_by(8) {
            let shapes: Vec<_> = (start..start + 8).map(|index| Mark::new(index).shape()).collect();
            for (position, shape) in shapes.iter().enumerate() {
                assert!(!shapes[..position].contains(shape));
            }
        }
        let pairs: std::collections::BTreeSet<_> = (0..64)
            .map(Mark::new)
            .map(|mark| (mark.colour(), format!("{:?}", mark.shape())))
            .collect();
        assert_eq!(pairs.len(), 64);
    }
}

//! What colours look like, in the light and in the dark scheme, and whether text can be read on them.
//!
//! A chart draws with inks, never with colours: the page decides by custom properties which scheme an ink takes.

/// Red, green, blue, each 0 to 255.
pub(super) type Rgb = (u8, u8, u8);

/// How many steps the sequential ramp of heat maps has.
pub(super) const RAMP_STEPS: u8 = 24;

/// A role that the schemes give a colour to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Ink {
    /// What the chart lies on; also rings around dots that may overlap.
    Background,
    /// Titles, labels, values.
    Foreground,
    /// Ticks, subtitles, notes.
    Muted,
    /// The axis line, whiskers' ends, hatching.
    Axis,
    /// Grid lines.
    Grid,
    /// Shaded areas behind data.
    Band,
    /// A palette colour.
    Series(u8),
    /// The same, stepped back towards the background.
    Tint(u8),
    /// Text on a palette colour.
    OnSeries(u8),
    /// A step of the sequential ramp; the same in both schemes, since its cells carry their own text colour.
    Ramp(u8),
    /// Text on that step.
    OnRamp(u8),
}

// Eight colours for each scheme. Contrast with the background at least 3:1 each; any two are apart by at least 9 in
// OKLab × 100 for normal sight and under simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009): the
// tests below compute both.
const SERIES_LIGHT: [Rgb; 8] = [
    (0x08, 0x54, 0xc0),
    (0xf4, 0x45, 0x0e),
    (0x17, 0x97, 0x5c),
    (0x9d, 0x39, 0x7a),
    (0x69, 0x4c, 0x0b),
    (0x2c, 0x95, 0xff),
    (0x2e, 0x1f, 0x6e),
    (0x91, 0x91, 0xae),
];
const SERIES_DARK: [Rgb; 8] = [
    (0x3a, 0x90, 0xc3),
    (0xff, 0x83, 0x19),
    (0x22, 0xbf, 0x76),
    (0xff, 0x9c, 0xbd),
    (0xf2, 0xd9, 0x5d),
    (0x82, 0xca, 0xff),
    (0x78, 0x53, 0xe1),
    (0xdb, 0xec, 0xe1),
];

// Viridis (Smith and van der Walt), nine of its points; steps between are interpolated.
const VIRIDIS: [Rgb; 9] = [
    (0x44, 0x01, 0x54),
    (0x47, 0x2d, 0x7b),
    (0x3b, 0x52, 0x8b),
    (0x2c, 0x72, 0x8e),
    (0x21, 0x91, 0x8c),
    (0x28, 0xae, 0x80),
    (0x5e, 0xc9, 0x62),
    (0xad, 0xdc, 0x30),
    (0xfd, 0xe7, 0x25),
];

/// How much of its own colour a tint keeps.
const TINT: f64 = 0.5;

impl Ink {
    /// The inks that a page may give colours to.
    pub(super) fn themed() -> Vec<Ink> {
        let mut inks = vec![
            Ink::Background,
            Ink::Foreground,
            Ink::Muted,
            Ink::Axis,
            Ink::Grid,
            Ink::Band,
        ];
        inks.extend((0..8).map(Ink::Series));
        inks.extend((0..8).map(Ink::Tint));
        inks.extend((0..8).map(Ink::OnSeries));
        inks
    }

    /// The custom property's name; `None` for inks that are the same in both schemes.
    pub(super) fn variable(self) -> Option<String> {
        Some(match self {
            Ink::Background => "--chart-bg".to_owned(),
            Ink::Foreground => "--chart-fg".to_owned(),
            Ink::Muted => "--chart-muted".to_owned(),
            Ink::Axis => "--chart-axis".to_owned(),
            Ink::Grid => "--chart-grid".to_owned(),
            Ink::Band => "--chart-band".to_owned(),
            Ink::Series(index) => format!("--chart-{}", index + 1),
            Ink::Tint(index) => format!("--chart-{}-tint", index + 1),
            Ink::OnSeries(index) => format!("--chart-on-{}", index + 1),
            Ink::Ramp(_) | Ink::OnRamp(_) => return None,
        })
    }

    /// The colour in the light scheme.
    pub(super) fn light(self) -> Rgb {
        match self {
            Ink::Background => (0xff, 0xff, 0xff),
            Ink::Foreground => (0x1b, 0x1f, 0x24),
            Ink::Muted => (0x57, 0x60, 0x6a),
            Ink::Axis => (0x8c, 0x95, 0x9f),
            Ink::Grid => (0xe4, 0xe7, 0xeb),
            Ink::Band => (0xf1, 0xf4, 0xf8),
            Ink::Series(index) => SERIES_LIGHT[usize::from(index % 8)],
            Ink::Tint(_) => mix(self.untinted().light(), Ink::Background.light(), TINT),
            Ink::OnSeries(index) => readable_on(Ink::Series(index).light()),
            Ink::Ramp(step) => ramp(step),
            Ink::OnRamp(step) => readable_on(ramp(step)),
        }
    }

    /// The colour in the dark scheme.
    pub(super) fn dark(self) -> Rgb {
        match self {
            Ink::Background => (0x16, 0x19, 0x1f),
            Ink::Foreground => (0xe6, 0xe9, 0xee),
            Ink::Muted => (0xa3, 0xab, 0xb5),
            Ink::Axis => (0x6b, 0x74, 0x80),
            Ink::Grid => (0x2b, 0x31, 0x3a),
            Ink::Band => (0x1f, 0x24, 0x2c),
            Ink::Series(index) => SERIES_DARK[usize::from(index % 8)],
            Ink::Tint(_) => mix(self.untinted().dark(), Ink::Background.dark(), TINT),
            Ink::OnSeries(index) => readable_on(Ink::Series(index).dark()),
            Ink::Ramp(_) | Ink::OnRamp(_) => self.light(),
        }
    }

    fn untinted(self) -> Ink {
        match self {
            Ink::Tint(index) => Ink::Series(index),
            other => other,
        }
    }
}

/// `#rrggbb`.
pub(super) fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn mix(colour: Rgb, with: Rgb, share: f64) -> Rgb {
    let channel = |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
    (
        channel(colour.0, with.0),
        channel(colour.1, with.1),
        channel(colour.2, with.2),
    )
}

fn ramp(step: u8) -> Rgb {
    let position = f64::from(step.min(RAMP_STEPS - 1)) / f64::from(RAMP_STEPS - 1) * (VIRIDIS.len() - 1) as f64;
    let below = (position.floor() as usize).min(VIRIDIS.len() - 2);
    mix(VIRIDIS[below + 1], VIRIDIS[below], position - below as f64)
}

fn readable_on(background: Rgb) -> Rgb {
    let (white, black) = ((0xff, 0xff, 0xff), (0x0b, 0x0d, 0x10));
    if contrast(white, background) >= contrast(black, background) {
        white
    } else {
        black
    }
}

/// The contrast ratio of WCAG 2.2, 1 to 21.
pub(super) fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2's relative luminance.
fn luminance(colour: Rgb) -> f64 {
    let [r, g, b] = linear(colour);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn linear((r, g, b): Rgb) -> [f64; 3] {
    [r, g, b].map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_in_both_schemes() {
        for ink in [Ink::Foreground, Ink::Muted] {
            for ground in [Ink::Background, Ink::Band] {
                assert!(contrast(ink.light(), ground.light()) >= 4.5, "{ink:?} on {ground:?}");
                assert!(contrast(ink.dark(), ground.dark()) >= 4.5, "{ink:?} on {ground:?}");
            }
        }
        for index in 0..8 {
            assert!(
                contrast(Ink::OnSeries(index).light(), Ink::Series(index).light()) >= 4.5,
                "{index} light"
            );
            assert!(
                contrast(Ink::OnSeries(index).dark(), Ink::Series(index).dark()) >= 4.5,
                "{index} dark"
            );
        }
        for step in 0..RAMP_STEPS {
            assert!(
                contrast(Ink::OnRamp(step).light(), Ink::Ramp(step).light()) >= 4.5,
                "step {step}"
            );
        }
    }

    #[test]
    fn marks_stand_out_from_the_background() {
        for index in 0..8 {
            let ink = Ink::Series(index);
            assert!(contrast(ink.light(), Ink::Background.light()) >= 3.0, "{index} light");
            assert!(contrast(ink.dark(), Ink::Background.dark()) >= 3.0, "{index} dark");
        }
    }

    /// Björn Ottosson's OKLab, from linear sRGB.
    fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let [r, g, b] = [r, g, b].map(|channel| channel.max(0.0));
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
        ]
    }

    /// Machado, Oliveira and Fernandes 2009, severity 1: none, protanopia, deuteranopia, tritanopia.
    const SIGHTS: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    #[test]
    fn palette_colours_are_apart_for_every_sight() {
        for scheme in [SERIES_LIGHT, SERIES_DARK] {
            for sight in SIGHTS {
                let seen = scheme.map(|colour| {
                    let light = linear(colour);
                    oklab(sight.map(|row| (0..3).map(|index| row[index] * light[index]).sum()))
                });
                for (index, one) in seen.iter().enumerate() {
                    for other in &seen[..index] {
                        let apart = (0..3).map(|c| (one[c] - other[c]).powi(2)).sum::<f64>().sqrt() * 100.0;
                        assert!(apart >= 9.0, "{apart}");
                    }
                }
            }
        }
    }
}

/// A setting with the text that applies and where it came from.
package struct EffectiveSetting: Sendable {
    package let setting: Setting
    /// Nil when it is not set and has no default. May be secret: print ``shown`` instead.
    let text: String?
    package let origin: SettingOrigin?

    /// The text as people may see it.
    package var shown: String? {
        text.map { Masking.shown($0, setting.secrecy) }
    }

    /// Whether something of the text is not shown.
    package var isMasked: Bool { shown != text }
}

/// Turns texts into values and keeps what is wrong on the way, so that all of it is reported at once.
struct SettingReader {
    let settings: [EffectiveSetting]
    private(set) var problems: [ConfigurationError.Problem] = []

    init(settings: [EffectiveSetting]) {
        self.settings = settings
    }

    /// The value; nil when it is not set, or when it is wrong and that was noted.
    mutating func value<Value>(
        of setting: Setting, _ read: (String) throws(InvalidSetting) -> Value
    ) -> Value? {
        guard let found = settings.first(where: { $0.setting == setting }), let text = found.text,
            let origin = found.origin
        else { return nil }
        return value(of: text, at: origin, read)
    }

    mutating func value<Value>(
        of text: String, at origin: SettingOrigin, _ read: (String) throws(InvalidSetting) -> Value
    ) -> Value? {
        do throws(InvalidSetting) {
            return try read(text)
        } catch {
            note(error.message, at: origin)
            return nil
        }
    }

    mutating func note(_ message: String, at origin: SettingOrigin) {
        problems.append(ConfigurationError.Problem(place: origin.description, message: message))
    }

    func origin(of setting: Setting) -> SettingOrigin {
        settings.first { $0.setting == setting }?.origin ?? .fallback
    }
}

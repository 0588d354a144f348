/// Why a text is no value for its setting, and what to write instead. Never holds a secret's text.
struct InvalidSetting: Error, Equatable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

import HookgateCore

/// Forms and their fields.
enum Form {
    /// Proves that a form was shown by us to whoever sends it. Every form that posts has it.
    static func token(_ visit: Visit) -> HTML {
        "<input type=\"hidden\" name=\"form_token\" value=\"\(visit.formToken)\">"
    }

    /// A form that does something.
    static func post(_ visit: Visit, to path: String, _ content: HTML) -> HTML {
        "<form class=\"form\" method=\"post\" action=\"\(path)\">\(self.token(visit))\(content)</form>"
    }

    /// A form that narrows a list: its fields stand in the address, so that it can be kept and sent to others.
    static func filter(_ path: String, _ content: HTML) -> HTML {
        """
        <form class="filter" method="get" action="\(path)" role="search">\(content)
        <button>Show</button> <a class="button quiet" href="\(path)">All</a></form>
        """
    }

    static func text(
        _ name: String, _ label: String, value: String? = nil, hint: String = "", isRequired: Bool = false,
        type: String = "text"
    ) -> HTML {
        """
        <label class="field"><span>\(label)</span><input type="\(type)" name="\(name)" value="\(value ?? "")" \
        placeholder="\(hint)"\(isRequired ? " required" : "") autocomplete="off"></label>
        """
    }

    /// One of several; the first choice is none.
    static func choice(_ name: String, _ label: String, _ choices: [(value: String, title: String)], chosen: String?)
        -> HTML
    {
        """
        <label class="field"><span>\(label)</span><select name="\(name)"><option value="">any</option>\
        \(choices.html { choice in
            """
            <option value="\(choice.value)"\(choice.value == chosen ? " selected" : "")>\(choice.title)</option>
            """ })</select></label>
        """
    }

    /// One of several, and never none.
    static func select(_ name: String, _ label: String, _ words: [String], _ chosen: String) -> HTML {
        """
        <label class="field"><span>\(label)</span><select name="\(name)">\(words.html { word in
            "<option value=\"\(word)\"\(word == chosen ? " selected" : "")>\(word)</option>" })</select></label>
        """
    }

    static func hidden(_ name: String, _ value: String?) -> HTML {
        value.html { "<input type=\"hidden\" name=\"\(name)\" value=\"\($0)\">" }
    }

    static func button(_ title: String, _ tone: Tone = .plain) -> HTML {
        "<button class=\"\(tone.rawValue)\">\(title)</button>"
    }
}

extension Visit {
    /// What was posted.
    func form() throws(ConsoleError) -> FormFields {
        guard let fields = self.request.form() else { throw .badRequest("This is no form of ours.") }
        return fields
    }
}

/// A page that asks before something is done: what would happen, counted, and the way back.
enum ConfirmPage {
    /// - Parameters:
    ///   - consequence: what a dry run says.
    ///   - fields: what the act needs, those of the question before included.
    static func html(
        _ visit: Visit, title: String, section: String, consequence: HTML, act: String, to path: String, fields: HTML,
        back: String, isDangerous: Bool = false
    ) -> HTML {
        Layout(title, section: section, visit: visit).page(
            """
            \(PageTitle.html(title))
            \(Card.html(
                "What this would do",
                """
                \(consequence)
                \(Form.post(
                    visit, to: path,
                    """
                    \(fields)<input type="hidden" name="confirmed" value="yes">
                    <p class="buttons">\(Form.button(act, isDangerous ? .bad : .good)) \
                    <a class="button quiet" href="\(back)">Back, and change nothing</a></p>
                    """))
                """))
            """)
    }
}

/// The way to the next page of a list.
enum Pager {
    /// - Parameter cursor: where the next page begins; nil at the end.
    static func html(_ request: PageRequest, next cursor: String?) -> HTML {
        let path = "/" + request.path.map(PercentText.encoded).joined(separator: "/")
        let kept = request.query.pairs.filter { $0.name != "cursor" && !$0.value.isEmpty }
        func address(_ extra: [(name: String, value: String)]) -> String {
            let pairs = (kept + extra).map { "\(PercentText.encoded($0.name))=\(PercentText.encoded($0.value))" }
            return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
        }
        let first: HTML =
            request.query["cursor"] == nil ? "" : "<a class=\"button quiet\" href=\"\(address([]))\">First</a>"
        let next = cursor.html { "<a class=\"button\" rel=\"next\" href=\"\(address([("cursor", $0)]))\">Next</a>" }
        return "<nav class=\"pager\" aria-label=\"Further pages\">\(first) \(next)</nav>"
    }
}

import HookgateCore
import Yams

/// Reads the parts of a file of decisions; every error says where in the file.
struct DecisionNodeReader {
    /// What the file says of one instance.
    struct Decision {
        var clinic: ClinicID?
        var exclusion: String?
        var accepted: [MappedField: String] = [:]
    }

    private static let members = ["clinic", "accept", "exclude", "reason"]

    let file: String

    /// The instances of a text with what is said of each.
    func instances(of text: String) throws(ConfigurationError) -> [(key: Node.Scalar, value: Node)] {
        guard let root = try root(of: text), root.null == nil else { return [] }
        guard case .mapping(let mapping) = root else {
            throw error(root.mark, "the file must be a mapping of instance names to decisions")
        }
        return try pairs(mapping, "an instance name is a single text")
    }

    func decision(_ node: Node, for instance: Node.Scalar) throws(ConfigurationError) -> Decision {
        guard case .mapping(let mapping) = node, mapping.count > 0 else {
            throw error(
                instance.mark, "\(instance.string) takes clinic: ID, accept: { FIELD: REASON } or exclude: REASON")
        }
        let members = try members(mapping, of: instance.string)
        var decision = Decision()
        if let clinic = members["clinic"] { decision.clinic = try self.clinic(clinic, of: instance.string) }
        if let accept = members["accept"] { decision.accepted = try accepted(accept, of: instance.string) }
        if let exclude = members["exclude"] {
            guard members["clinic"] == nil, members["accept"] == nil else {
                throw error(exclude.key.mark, "\(instance.string) is left out, so nothing else can be said of it")
            }
            decision.exclusion = try exclusion(exclude, reason: members["reason"], of: instance.string)
        } else if let reason = members["reason"] {
            throw error(reason.key.mark, "a reason goes with exclude: true")
        }
        return decision
    }

    // MARK: Members

    private typealias Member = (key: Node.Scalar, value: Node)

    private func members(_ mapping: Node.Mapping, of instance: String) throws(ConfigurationError) -> [String: Member] {
        var members: [String: Member] = [:]
        for (key, value) in try pairs(mapping, "a decision of \(instance) is a single word") {
            guard Self.members.contains(key.string) else {
                let nearest = Nearest.match(for: key.string, among: Self.members).map { "; did you mean \($0)?" }
                throw error(
                    key.mark,
                    "\(key.string) is no decision; \(instance) takes clinic, accept or exclude\(nearest ?? "")")
            }
            guard members[key.string] == nil else { throw error(key.mark, "\(instance) has \(key.string) twice") }
            members[key.string] = (key, value)
        }
        return members
    }

    private func clinic(_ member: Member, of instance: String) throws(ConfigurationError) -> ClinicID {
        let text = try text(member, of: instance)
        guard let clinic = ClinicID(text) else { throw error(mark(member), "the clinic of \(instance) is not a UUID") }
        return clinic
    }

    private func accepted(_ member: Member, of instance: String) throws(ConfigurationError) -> [MappedField: String] {
        guard case .mapping(let mapping) = member.value, mapping.count > 0 else {
            throw error(
                mark(member), "accept of \(instance) takes fields with a reason each: accept: { status: REASON }")
        }
        var accepted: [MappedField: String] = [:]
        for pair in try pairs(mapping, "a field is a single word") {
            guard let field = MappedField(written: pair.key.string) else {
                let nearest = Nearest.match(for: pair.key.string, among: MappedField.columns.map(\.name))
                throw error(
                    pair.key.mark,
                    "\(pair.key.string) is no field that is compared; those are the columns and config.KEY"
                        + (nearest.map { "; did you mean \($0)?" } ?? ""))
            }
            guard accepted[field] == nil else { throw error(pair.key.mark, "\(pair.key.string) is accepted twice") }
            accepted[field] = try text(pair, of: instance)
        }
        return accepted
    }

    /// `exclude: REASON`, or `exclude: true` with `reason: REASON` beside it.
    private func exclusion(
        _ member: Member, reason: Member?, of instance: String
    ) throws(ConfigurationError) -> String {
        let text = try text(member, of: instance)
        switch (member.value.bool, reason) {
        case (true, let reason?): return try self.text(reason, of: instance)
        case (true, nil): throw error(mark(member), "\(instance) is left out without a reason; write exclude: REASON")
        case (false, _): throw error(mark(member), "\(instance) is not left out by exclude: false; take the line out")
        case (nil, let reason?): throw error(reason.key.mark, "\(instance) has two reasons; keep one")
        case (nil, nil): return text
        }
    }

    private func text(_ member: Member, of instance: String) throws(ConfigurationError) -> String {
        guard let text = member.value.string, !text.isEmpty, member.value.null == nil else {
            throw error(member.key.mark, "\(instance) has no \(member.key.string)")
        }
        return text
    }

    private func mark(_ member: Member) -> Mark? { member.value.mark ?? member.key.mark }

    // MARK: YAML

    private func root(of text: String) throws(ConfigurationError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let problem as YamlError {
            throw error(problem)
        } catch {
            throw self.error(nil, "this is no YAML")
        }
    }

    private func pairs(_ mapping: Node.Mapping, _ complaint: String) throws(ConfigurationError) -> [Member] {
        var pairs: [Member] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else { throw error(key.mark, complaint) }
            pairs.append((scalar, value))
        }
        return pairs
    }

    /// Where something stands, in the form that editors jump to.
    func place(_ mark: Mark?) -> String {
        mark.map { "\(file):\($0.line):\($0.column)" } ?? file
    }

    func error(_ mark: Mark?, _ message: String) -> ConfigurationError {
        ConfigurationError(place: place(mark), message: message)
    }

    private func error(_ problem: YamlError) -> ConfigurationError {
        switch problem {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            error(mark, "this is no YAML; check the indentation and the quotes there")
        case .duplicatedKeysInMapping(let duplicates, let context):
            error(context.mark, "\(duplicates.joined(separator: ", ")) stands there twice; keep one")
        default: error(nil, "this is no YAML")
        }
    }
}

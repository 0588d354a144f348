import FoundationEssentials
import HookgateCore
import Yams

/// A person's decisions for instances that the evidence does not decide: YAML, or JSON, which is YAML too.
///
/// ```yaml
/// hill-street:
///   clinic: c0000000-0000-4000-8000-000000000006
/// nobodys-phone:
///   exclude: the number was given up in May
/// ```
struct DecisionsFile {
    private static let members = ["clinic", "exclude"]

    let decisions: MigrationDecisions
    private let name: String

    /// Reads a file from disk.
    init(path: String) throws(ConfigurationError) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                place: "file \(path)", message: "cannot be read; check its path and that this user may read it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(place: "file \(path)", message: "is not UTF-8 text; save it as UTF-8")
        }
        try self.init(name: path, text: text)
    }

    /// Reads a file's text and reports everything that is wrong with it, not only the first.
    init(name: String, text: String) throws(ConfigurationError) {
        self.name = name
        var decisions = MigrationDecisions()
        var problems: [ConfigurationError.Problem] = []
        for (key, node) in try Self.instances(of: text, in: name) {
            let instance = InstanceName(key.string)
            let line = key.mark?.line ?? 1
            do throws(ConfigurationError) {
                guard decisions.clinics[instance] == nil, decisions.excluded[instance] == nil else {
                    throw Self.error(name, line, "\(key.string) is decided twice; keep one")
                }
                switch try Self.decision(node, for: key.string, in: name, line: line) {
                case .clinic(let clinic): decisions.clinics[instance] = clinic
                case .exclude(let reason): decisions.excluded[instance] = reason
                }
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        self.decisions = decisions
    }

    private enum Decision {
        case clinic(ClinicID)
        case exclude(String)
    }

    private static func decision(
        _ node: Node, for instance: String, in name: String, line: Int
    ) throws(ConfigurationError) -> Decision {
        guard case .mapping(let mapping) = node, mapping.count == 1,
            let (key, value) = mapping.first.map({ ($0.key, $0.value) }),
            let member = key.string, Self.members.contains(member)
        else {
            throw error(name, line, "\(instance) takes exactly one of: clinic: ID, or exclude: REASON")
        }
        guard let text = value.string, !text.isEmpty, value.null == nil else {
            throw error(name, key.mark?.line ?? line, "\(instance) has no \(member)")
        }
        if member == "exclude" { return .exclude(text) }
        guard let clinic = ClinicID(text) else {
            throw error(name, key.mark?.line ?? line, "the clinic of \(instance) is not a UUID")
        }
        return .clinic(clinic)
    }

    private static func instances(
        of text: String, in name: String
    ) throws(ConfigurationError) -> [(key: Node.Scalar, value: Node)] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.error(name, Self.line(of: error), "this is no YAML; check the indentation and the quotes there")
        } catch {
            throw Self.error(name, 1, "this is no YAML")
        }
        guard let root, root.null == nil else { return [] }
        guard case .mapping(let mapping) = root else {
            throw error(name, root.mark?.line ?? 1, "the file must be a mapping of instance names to decisions")
        }
        var pairs: [(key: Node.Scalar, value: Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw error(name, key.mark?.line ?? 1, "an instance name is a single text")
            }
            pairs.append((scalar, value))
        }
        return pairs
    }

    private static func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        default: 1
        }
    }

    private static func error(_ name: String, _ line: Int, _ message: String) -> ConfigurationError {
        ConfigurationError(place: SettingOrigin.file(name: name, line: line).description, message: message)
    }
}

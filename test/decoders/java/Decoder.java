// Decodes events as programs that use openai-java do, and validates them. Arguments: the dialect, the file of events, one a line.
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.openai.core.ObjectMappers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

public class Decoder {
  public static void main(String[] arguments) throws Exception {
    JsonMapper mapper = ObjectMappers.jsonMapper();
    boolean beta = arguments[0].equals("beta");
    List<String> events = Files.readAllLines(Path.of(arguments[1]));
    for (int index = 0; index < events.size(); index++) {
      try {
        if (beta) mapper.readValue(events.get(index), com.openai.models.beta.realtime.RealtimeServerEvent.class).validate();
        else mapper.readValue(events.get(index), com.openai.models.realtime.RealtimeServerEvent.class).validate();
      } catch (Exception error) {
        System.out.println(mapper.writeValueAsString(Map.of("line", index + 1, "reason", reasonOf(error))));
      }
    }
    System.out.println(mapper.writeValueAsString(Map.of("read", events.size())));
  }

  private static String reasonOf(Throwable error) {
    return error.getCause() == null ? String.valueOf(error.getMessage()) : error.getMessage() + ": " + reasonOf(error.getCause());
  }
}

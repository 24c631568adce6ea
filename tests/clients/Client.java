// Java's HttpURLConnection: it sends an Accept header of its own, in which "*; q=.2" is no media range.
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Client {
  private static final String URL_OF = System.getenv("MINUTED_URL");
  private static final String CLIENT = System.getenv("CLIENT");
  private static final String ASKED = "/stats/minute?repoId=fleet&bucketId=" + CLIENT
      + "&startDate=2024-02-01&endDate=2024-02-01";

  private static HttpURLConnection open(String path, String token) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) new URL(URL_OF + path).openConnection();
    connection.setRequestProperty("Authorization", "Bearer " + token);
    return connection;
  }

  private static String body(HttpURLConnection connection) throws IOException {
    try (InputStream in = connection.getResponseCode() < 400 ? connection.getInputStream()
                                                             : connection.getErrorStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String field(String json, String name) {
    Matcher matcher =
        Pattern.compile('"' + name + "\":(\"((?:[^\"\\\\]|\\\\.)*)\"|[-0-9.]+)").matcher(json);
    if (!matcher.find()) throw new IllegalStateException("no " + name + " in " + json);
    return matcher.group(2) == null ? matcher.group(1) : matcher.group(2).replace("\\\"", "\"");
  }

  private static void refused(String what, String path, String token) throws IOException {
    HttpURLConnection connection = open(path, token);
    String answer = body(connection);
    System.out.println(what + " " + connection.getResponseCode() + " " + field(answer, "error_code"));
  }

  public static void main(String[] arguments) throws IOException {
    HttpURLConnection push = open("/events", System.getenv("INGEST_TOKEN"));
    push.setDoOutput(true);
    push.setRequestProperty("Content-Type", "application/json");
    push.getOutputStream().write(("{\"repoId\":\"fleet\",\"bucketId\":\"" + CLIENT
        + "\",\"host\":\"node \\\"1\\\"\",\"timestamp\":1706782500000,\"op\":\"PUT\","
        + "\"upl_bytes\":4096,\"dwl_bytes\":12,\"size_change\":-7,\"latency_ms\":1.5,"
        + "\"status\":200}").getBytes(StandardCharsets.UTF_8));
    String pushed = body(push);
    System.out.println("push " + push.getResponseCode() + " accepted " + field(pushed, "accepted"));

    String answer = body(open(ASKED, System.getenv("READ_TOKEN")));
    StringBuilder row = new StringBuilder("row");
    for (String name : new String[] {"timestamp", "repoId", "bucketId", "upl_bytes", "dwl_bytes",
                                     "size_change", "latency_ms", "host"}) {
      row.append(' ').append(field(answer, name));
    }
    System.out.println(row);

    refused("wrong token", ASKED, "wrong");
    refused("wrong date", "/stats/minute?startDate=yesterday", System.getenv("READ_TOKEN"));
  }
}
